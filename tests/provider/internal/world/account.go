package world

import "os"

// Account is one file of `accounts`. The password is what the provider got; Terraform never stores it.
type Account struct {
	Name     string  `json:"name"`
	Password *string `json:"password"`
	Version  *int64  `json:"version"`
}

func (f Folder) account(name string) string { return f.join("accounts", name+".json") }

// PutAccount writes an account, whether it exists or not.
func (f Folder) PutAccount(account Account) error {
	if _, err := NewID(account.Name); err != nil {
		return err
	}
	return f.locked(func() error {
		if err := os.MkdirAll(f.join("accounts"), 0o700); err != nil {
			return err
		}
		return writeJSON(f.account(account.Name), account)
	})
}

// RemoveAccount deletes an account. The name was written by PutAccount, so it is a file's name.
func (f Folder) RemoveAccount(name string) error { return os.RemoveAll(f.account(name)) }
