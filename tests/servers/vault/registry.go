package main

import "github.com/hashicorp/vault/sdk/helper/consts"

// registry says which plugins are part of this program; mounting anything asks it.
type registry struct{}

var builtin = map[consts.PluginType][]string{
	consts.PluginTypeSecrets:    {"kv", "leases"},
	consts.PluginTypeCredential: {"approle", "jwt"},
}

func (registry) Contains(name string, kind consts.PluginType) bool {
	for _, one := range builtin[kind] {
		if one == name {
			return true
		}
	}
	return false
}

// Get finds none: the factories stand in the core's own configuration.
func (registry) Get(string, consts.PluginType) (func() (any, error), bool) {
	return nil, false
}

func (registry) Keys(kind consts.PluginType) []string {
	return builtin[kind]
}

func (r registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, r.Contains(name, kind)
}

func (registry) IsBuiltinEntPlugin(string, consts.PluginType) bool {
	return false
}
