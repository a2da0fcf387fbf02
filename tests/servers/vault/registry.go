package main

import "github.com/hashicorp/vault/sdk/helper/consts"

// registry lists the plugins that are part of this program. Vault asks it at each mount.
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

// Get finds no plugin, because the factories are in the core's own configuration.
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
