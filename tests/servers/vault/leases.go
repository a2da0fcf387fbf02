package main

import (
	"context"
	"time"

	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// leases is an engine that makes users. creds/ROLE makes one with a lease, users/ lists the existing ones.
func leases(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	seconds := map[string]*framework.FieldSchema{
		"name":      {Type: framework.TypeString},
		"ttl":       {Type: framework.TypeDurationSecond},
		"max_ttl":   {Type: framework.TypeDurationSecond},
		"renewable": {Type: framework.TypeBool, Default: true},
	}
	name := map[string]*framework.FieldSchema{"name": {Type: framework.TypeString}}
	user := &framework.Secret{
		Type:   "user",
		Fields: map[string]*framework.FieldSchema{"username": {Type: framework.TypeString}},
		Renew:  renew,
		Revoke: revoke,
	}
	backend := &framework.Backend{
		BackendType: logical.TypeLogical,
		Secrets:     []*framework.Secret{user},
		Paths: []*framework.Path{
			{
				Pattern: "roles/" + framework.GenericNameRegex("name"), Fields: seconds,
				Operations: map[logical.Operation]framework.OperationHandler{
					logical.UpdateOperation: &framework.PathOperation{Callback: writeRole},
				},
			},
			{
				Pattern: "creds/" + framework.GenericNameRegex("name"), Fields: name,
				Operations: map[logical.Operation]framework.OperationHandler{
					logical.ReadOperation: &framework.PathOperation{
						Callback: func(ctx context.Context, request *logical.Request, data *framework.FieldData) (*logical.Response, error) {
							return give(ctx, user, request, data)
						},
					},
				},
			},
			{
				Pattern: "users/?$",
				Operations: map[logical.Operation]framework.OperationHandler{
					logical.ListOperation: &framework.PathOperation{Callback: list},
				},
			},
		},
	}
	return backend, backend.Setup(ctx, config)
}

type role struct {
	TTL, MaxTTL time.Duration
	Renewable   bool
}

func writeRole(ctx context.Context, request *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	made := role{
		TTL:       time.Duration(data.Get("ttl").(int)) * time.Second,
		MaxTTL:    time.Duration(data.Get("max_ttl").(int)) * time.Second,
		Renewable: data.Get("renewable").(bool),
	}
	entry, err := logical.StorageEntryJSON("roles/"+data.Get("name").(string), made)
	if err != nil {
		return nil, err
	}
	return nil, request.Storage.Put(ctx, entry)
}

func roleOf(ctx context.Context, storage logical.Storage, name string) (role, error) {
	var found role
	entry, err := storage.Get(ctx, "roles/"+name)
	if err != nil || entry == nil {
		return found, err
	}
	return found, entry.DecodeJSON(&found)
}

func give(ctx context.Context, user *framework.Secret, request *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	name := data.Get("name").(string)
	found, err := roleOf(ctx, request.Storage, name)
	if err != nil || found.TTL == 0 {
		return nil, err
	}
	username, err := uuid.GenerateUUID()
	if err != nil {
		return nil, err
	}
	password, err := uuid.GenerateUUID()
	if err != nil {
		return nil, err
	}
	if err := request.Storage.Put(ctx, &logical.StorageEntry{Key: "users/" + username}); err != nil {
		return nil, err
	}
	response := user.Response(
		map[string]any{"username": username, "password": password},
		map[string]any{"username": username, "role": name},
	)
	response.Secret.TTL, response.Secret.MaxTTL = found.TTL, found.MaxTTL
	response.Secret.Renewable = found.Renewable
	return response, nil
}

func renew(ctx context.Context, request *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	found, err := roleOf(ctx, request.Storage, request.Secret.InternalData["role"].(string))
	if err != nil {
		return nil, err
	}
	response := &logical.Response{Secret: request.Secret}
	response.Secret.TTL, response.Secret.MaxTTL = found.TTL, found.MaxTTL
	return response, nil
}

func revoke(ctx context.Context, request *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return nil, request.Storage.Delete(ctx, "users/"+request.Secret.InternalData["username"].(string))
}

func list(ctx context.Context, request *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	users, err := request.Storage.List(ctx, "users/")
	return logical.ListResponse(users), err
}
