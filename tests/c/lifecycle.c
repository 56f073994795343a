/*
 * Begins and ends in every way that the standard knows and a few that it does not; asks what can be asked before a login. In
 * the end the library is closed.
 * Usage: lifecycle MODULE [ROUNDS]
 */
#include "module.h"

static CK_RV no_mutex(void **mutex)
{
    *mutex = NULL;
    return CKR_OK;
}

static CK_RV no_lock(void *mutex)
{
    (void)mutex;
    return CKR_OK;
}

struct beginning {
    CK_C_INITIALIZE_ARGS arguments;
    CK_RV answer;
};

#define CALLBACKS no_mutex, no_lock, no_lock, no_lock

/* 2.40 §5.4 */
static const struct beginning BEGINNINGS[] = {
    { { NULL, NULL, NULL, NULL, 0, NULL }, CKR_OK },
    { { NULL, NULL, NULL, NULL, CKF_OS_LOCKING_OK, NULL }, CKR_OK },
    { { NULL, NULL, NULL, NULL, CKF_LIBRARY_CANT_CREATE_OS_THREADS, NULL }, CKR_OK },
    { { CALLBACKS, CKF_OS_LOCKING_OK, NULL }, CKR_OK },
    { { CALLBACKS, 0, NULL }, CKR_CANT_LOCK },
    { { no_mutex, NULL, NULL, NULL, CKF_OS_LOCKING_OK, NULL }, CKR_ARGUMENTS_BAD },
    { { no_mutex, no_lock, no_lock, NULL, 0, NULL }, CKR_ARGUMENTS_BAD },
    { { NULL, NULL, NULL, NULL, 0, &slot }, CKR_ARGUMENTS_BAD },
};

static void begin_in_every_way(void)
{
    for (size_t i = 0; i < COUNT(BEGINNINGS); i++) {
        CK_C_INITIALIZE_ARGS *arguments = copy_of(&BEGINNINGS[i].arguments, sizeof *arguments);
        EXPECT(BEGINNINGS[i].answer, p11->C_Initialize(arguments));
        if (BEGINNINGS[i].answer == CKR_OK)
            EXPECT(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(arguments));
        free(arguments);
        EXPECT(CKR_ARGUMENTS_BAD, p11->C_Finalize(&slot));
        EXPECT(BEGINNINGS[i].answer == CKR_OK ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
    }
    OK(p11->C_Initialize(NULL));
    OK(p11->C_Finalize(NULL));
}

/* A fixed field of text is padded with spaces to its end (2.40 §3.1). */
static int is_padded(const CK_UTF8CHAR *text, size_t len)
{
    return memchr(text, 0, len) == NULL && memchr(text, 0xa5, len) == NULL;
}

static void ask_of_the_library(void)
{
    CK_INFO *info = exact(sizeof *info);
    OK(p11->C_GetInfo(info));
    CHECK(is_padded(info->manufacturerID, sizeof info->manufacturerID));
    CHECK(is_padded(info->libraryDescription, sizeof info->libraryDescription));
    CHECK(info->flags == 0);
    free(info);
}

static void ask_of_the_slots(void)
{
    CK_ULONG count = 99;
    OK(p11->C_GetSlotList(CK_FALSE, NULL, &count));
    CHECK(count >= 1);
    CK_SLOT_ID *none = exact(0), *slots = exact(count * sizeof *slots), *many = exact(48 * sizeof *many);
    CK_ULONG room = 0;
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_GetSlotList(CK_TRUE, none, &room));
    CHECK(room == count);
    OK(p11->C_GetSlotList(CK_TRUE, slots, &room));
    room = 48;
    OK(p11->C_GetSlotList(CK_TRUE, many, &room));
    CHECK(room == count && memcmp(slots, many, count * sizeof *slots) == 0);
    CHECK(is_untouched(many, count * sizeof *many, 48 * sizeof *many));
    slot = slots[0];
    CHECK(slot == SIGNPATH_FIRST_SLOT_ID);
    free(none);
    free(slots);
    free(many);
    CK_SLOT_INFO *info = exact(sizeof *info);
    OK(p11->C_GetSlotInfo(slot, info));
    CHECK(is_padded(info->slotDescription, sizeof info->slotDescription));
    CHECK(is_padded(info->manufacturerID, sizeof info->manufacturerID));
    EXPECT(CKR_SLOT_ID_INVALID, p11->C_GetSlotInfo(NO_HANDLE, info));
    free(info);
}

static void ask_of_the_token(void)
{
    CK_TOKEN_INFO *info = exact(sizeof *info);
    OK(p11->C_GetTokenInfo(slot, info));
    CHECK(is_padded(info->label, sizeof info->label) && is_padded(info->model, sizeof info->model));
    CHECK(is_padded(info->serialNumber, sizeof info->serialNumber));
    CHECK(is_padded(info->utcTime, sizeof info->utcTime));
    CHECK(info->ulSessionCount == 0);
    EXPECT(CKR_SLOT_ID_INVALID, p11->C_GetTokenInfo(0, info));
    free(info);
    CK_SLOT_ID *event = exact(sizeof *event);
    EXPECT(CKR_NO_EVENT, p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, event, NULL));
    CHECK(is_untouched(event, 0, sizeof *event));
    free(event);
}

static void ask_of_the_mechanisms(void)
{
    CK_ULONG count = 0;
    OK(p11->C_GetMechanismList(slot, NULL, &count));
    CK_MECHANISM_TYPE *is_short = exact((count - 1) * sizeof *is_short), *types = exact(count * sizeof *types);
    CK_ULONG room = count - 1;
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_GetMechanismList(slot, is_short, &room));
    CHECK(room == count && is_untouched(is_short, 0, (count - 1) * sizeof *is_short));
    OK(p11->C_GetMechanismList(slot, types, &room));
    CK_MECHANISM_INFO *info = exact(sizeof *info);
    for (CK_ULONG i = 0; i < count; i++)
        OK(p11->C_GetMechanismInfo(slot, types[i], info));
    EXPECT(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(slot, NO_HANDLE, info));
    free(is_short);
    free(types);
    free(info);
}

static CK_RV notified(CK_SESSION_HANDLE session, CK_NOTIFICATION event, void *application)
{
    (void)session, (void)event, (void)application;
    return CKR_OK;
}

static void open_and_close_sessions(void)
{
    CK_SESSION_HANDLE *handles = exact(40 * sizeof *handles);
    CK_SESSION_INFO *info = exact(sizeof *info);
    for (int i = 0; i < 40; i++) {
        CK_FLAGS flags = CKF_SERIAL_SESSION | (i % 2 ? CKF_RW_SESSION : 0);
        OK(p11->C_OpenSession(slot, flags, &handles, notified, &handles[i]));
        OK(p11->C_GetSessionInfo(handles[i], info));
        CHECK(info->slotID == slot && info->flags == flags);
    }
    for (int i = 0; i < 20; i++)
        OK(p11->C_CloseSession(handles[i]));
    OK(p11->C_CloseAllSessions(slot));
    for (int i = 0; i < 40; i++) {
        EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(handles[i], info));
        EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(handles[i]));
    }
    EXPECT(CKR_SESSION_PARALLEL_NOT_SUPPORTED, p11->C_OpenSession(slot, 0, NULL, NULL, &handles[0]));
    EXPECT(CKR_SLOT_ID_INVALID, p11->C_OpenSession(NO_HANDLE, CKF_SERIAL_SESSION, NULL, NULL, &handles[0]));
    free(handles);
    free(info);
}

/* A client that initializes for each thing that it does, and leaves its sessions, its login and a search to C_Finalize. */
static void begin_and_end(int times)
{
    CK_SESSION_HANDLE last = NO_HANDLE;
    for (int i = 0; i < times; i++) {
        initialize();
        CK_SESSION_INFO info;
        EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(last, &info));
        open_session();
        last = logged_in();
        OK(find_init(last, NULL, 0));
        OK(p11->C_Finalize(NULL));
        EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetSessionInfo(last, &info));
    }
}

int main(int argc, char **argv)
{
    load(argc, argv);
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
    begin_in_every_way();
    step("beginnings");
    initialize();
    ask_of_the_library();
    ask_of_the_slots();
    ask_of_the_token();
    ask_of_the_mechanisms();
    step("library, slots, token, mechanisms");
    open_and_close_sessions();
    step("sessions");
    OK(p11->C_Finalize(NULL));
    begin_and_end(rounds(argc, argv, 50));
    step("many runs");
    CHECK(dlclose(library) == 0);
    load(argc, argv);
    initialize();
    logged_in();
    CHECK(dlclose(library) == 0);
    step("done");
    return 0;
}
