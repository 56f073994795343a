// crypto11 signs with one key from 64 goroutines that share one context, and verifies every signature with Go's own
// cryptography. The last one, over a file, is written out for another program to verify.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"

	"github.com/ThalesIgnite/crypto11"
)

const (
	goroutines = 64
	// Signatures that each of them makes, over messages of its own
	each = 3
)

func main() {
	module := flag.String("module", "", "path of the PKCS #11 module")
	token := flag.String("token", "", "label of the token")
	key := flag.String("key", "", "label of the key")
	pss := flag.Bool("pss", false, "RSASSA-PSS with a salt as long as the digest")
	message := flag.String("message", "", "a file to sign when all others are done")
	signature := flag.String("signature", "", "where its signature goes")
	flag.Parse()
	config := crypto11.Config{Path: *module, TokenLabel: *token, Pin: os.Getenv("PIN")}
	if err := run(&config, *key, options(*pss), *message, *signature); err != nil {
		fmt.Fprintln(os.Stderr, "crypto11:", err)
		os.Exit(1)
	}
}

func options(pss bool) crypto.SignerOpts {
	if pss {
		return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	}
	return crypto.SHA256
}

func run(config *crypto11.Config, label string, opts crypto.SignerOpts, message, signature string) (err error) {
	context, err := crypto11.Configure(config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, context.Close()) }()
	signer, err := context.FindKeyPair(nil, []byte(label))
	if err != nil {
		return err
	}
	if signer == nil {
		return fmt.Errorf("no key is called %s", label)
	}
	if err := signTogether(signer, opts); err != nil {
		return err
	}
	content, err := os.ReadFile(message)
	if err != nil {
		return err
	}
	signed, err := sign(signer, opts, content)
	if err != nil {
		return err
	}
	fmt.Printf("%d signatures verified\n", goroutines*each+1)
	return os.WriteFile(signature, signed, 0o600)
}

// signTogether lets all goroutines go at once, when the last one is there.
func signTogether(signer crypto.Signer, opts crypto.SignerOpts) error {
	var waiting, done sync.WaitGroup
	waiting.Add(goroutines)
	done.Add(goroutines)
	failures := make(chan error, goroutines*each)
	for number := range goroutines {
		go func() {
			defer done.Done()
			waiting.Done()
			waiting.Wait()
			for count := range each {
				if _, err := sign(signer, opts, fmt.Appendf(nil, "message %d of %d", count, number)); err != nil {
					failures <- fmt.Errorf("goroutine %d: %w", number, err)
				}
			}
		}()
	}
	done.Wait()
	if count := len(failures); count > 0 {
		return fmt.Errorf("%d of %d signatures failed, the first in %w", count, goroutines*each, <-failures)
	}
	return nil
}

// sign makes a signature, and verifies it with Go's own cryptography.
func sign(signer crypto.Signer, opts crypto.SignerOpts, message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	signature, err := signer.Sign(rand.Reader, digest[:], opts)
	if err != nil {
		return nil, err
	}
	return signature, verify(signer.Public(), opts, digest[:], signature)
}

func verify(public crypto.PublicKey, opts crypto.SignerOpts, digest, signature []byte) error {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(key, crypto.SHA256, digest, signature, pss)
		}
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest, signature)
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(key, digest, signature) {
			return errors.New("ecdsa: verification error")
		}
		return nil
	}
	return fmt.Errorf("no way to verify with a %T", public)
}
