// A Vault for the tests: the real core, in memory or in a folder, with the key-value store, an engine that gives
// leases, AppRole and JWT.
//
// It accepts the arguments of `vault server -dev`, or `-config`, so that a vault on PATH can replace it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/hashicorp/go-hclog"
	jwt "github.com/hashicorp/vault-plugin-auth-jwt"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/helper/namespace"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical"
	"github.com/hashicorp/vault/sdk/physical/file"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
	"github.com/hashicorp/vault/version"
)

func main() {
	if len(os.Args) < 2 || os.Args[1] != "server" {
		fmt.Println(version.GetVersion().FullVersionNumber(false))
		return
	}
	flags := flag.NewFlagSet("server", flag.ExitOnError)
	flags.Bool("dev", true, "in memory, unsealed; without -config there is no other mode")
	flags.Bool("dev-no-store-token", true, "it never is")
	address := flags.String("dev-listen-address", "127.0.0.1:8200", "where it listens")
	token := flags.String("dev-root-token-id", "root", "the root token")
	config := flags.String("config", "", "a file of JSON: where it keeps what it has, and where it listens")
	// With ExitOnError, Parse returns no error.
	_ = flags.Parse(os.Args[2:])
	run := func() error { return develop(*address, *token) }
	if *config != "" {
		run = func() error { return keep(*config) }
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func develop(address, token string) error {
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return err
	}
	core, err := open(storage)
	if err != nil {
		return err
	}
	if err := prepare(namespace.RootContext(context.Background()), core, token); err != nil {
		return err
	}
	return listen(address, core)
}

// settings is the part of a Vault's configuration that is used here.
type settings struct {
	Storage struct {
		File struct {
			Path string `json:"path"`
		} `json:"file"`
	} `json:"storage"`
	Listener struct {
		TCP struct {
			Address string `json:"address"`
		} `json:"tcp"`
	} `json:"listener"`
}

// keep serves a Vault that is stored in a folder. Its clients initialise and unseal it by `sys/init` and `sys/unseal`.
func keep(config string) error {
	text, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	var told settings
	if err := json.Unmarshal(text, &told); err != nil {
		return fmt.Errorf("%s: %w", config, err)
	}
	storage, err := file.NewFileBackend(map[string]string{"path": told.Storage.File.Path}, logger)
	if err != nil {
		return err
	}
	core, err := open(storage)
	if err != nil {
		return err
	}
	return listen(told.Listener.TCP.Address, core)
}

func listen(address string, core *vault.Core) error {
	properties := &vault.HandlerProperties{
		Core:           core,
		ListenerConfig: &configutil.Listener{Address: address},
	}
	return http.ListenAndServe(address, vaulthttp.Handler.Handler(properties))
}

var logger = hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr})

func open(storage physical.Backend) (*vault.Core, error) {
	return vault.NewCore(&vault.CoreConfig{
		Physical:           storage,
		Logger:             logger,
		DisableMlock:       true,
		LogicalBackends:    map[string]logical.Factory{"kv": kv.Factory, "leases": leases},
		CredentialBackends: map[string]logical.Factory{"approle": approle.Factory, "jwt": jwt.Factory},
		BuiltinRegistry:    registry{},
	})
}

// prepare unseals the Vault, and sets it up as `vault server -dev` does: with this root token, and with kv 2 at
// secret/.
func prepare(ctx context.Context, core *vault.Core, token string) error {
	one := &vault.SealConfig{SecretShares: 1, SecretThreshold: 1}
	made, err := core.Initialize(ctx, &vault.InitParams{BarrierConfig: one})
	if err != nil {
		return err
	}
	if _, err := core.Unseal(made.SecretShares[0]); err != nil {
		return err
	}
	requests := []struct {
		path string
		data map[string]any
	}{
		{"auth/token/create", map[string]any{"id": token, "policies": []string{"root"}, "no_parent": true}},
		{"sys/mounts/secret", map[string]any{"type": "kv", "options": map[string]any{"version": "2"}}},
	}
	for _, one := range requests {
		request := &logical.Request{
			Operation:   logical.UpdateOperation,
			ClientToken: made.RootToken,
			Path:        one.path,
			Data:        one.data,
		}
		answer, err := core.HandleRequest(ctx, request)
		if err == nil && answer != nil {
			err = answer.Error()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", one.path, err)
		}
	}
	return nil
}
