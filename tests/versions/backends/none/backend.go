// Package none replaces the backends that no test uses. They are modules of their own, which cannot be downloaded.
package none

import "github.com/hashicorp/terraform/internal/backend"

// New fails: a module of the tests must not name this backend.
func New() backend.Backend {
	panic("this build of Terraform does not have the backend")
}
