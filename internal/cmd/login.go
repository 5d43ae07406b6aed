package cmd

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"hearth/api/control"
	"hearth/auth"
)

// sub takes the word after the verb, which must be one of these.
func (c *verbCall) sub(words ...string) (string, error) {
	if len(c.args) == 0 || strings.HasPrefix(c.args[0], "-") {
		if err := c.parse(); err != nil { // --help, or a flag that there is not
			return "", err
		}
		return "", usageError{strings.Join(words, " or ") + " is missing"}
	}
	word := c.args[0]
	if !slices.Contains(words, word) {
		return "", usageError{fmt.Sprintf("%q is not %s", word, strings.Join(words, " or "))}
	}
	c.args = c.args[1:]
	return word, nil
}

// onConfig reads the arguments and the configuration, and runs f.
func (c *verbCall) onConfig(configFile *string, f func(Config) error, arguments ...string) error {
	if err := c.parse(arguments...); err != nil {
		return err
	}
	cfg, err := c.loadConfig(configFile)
	if err != nil {
		return err
	}
	return f(cfg)
}

// onData reads the arguments, and runs f with a client of whoever holds the
// data.
func (c *verbCall) onData(configFile *string, f func(*control.Client) error, arguments ...string) error {
	return c.onConfig(configFile, func(cfg Config) error { return c.withData(cfg, true, f) }, arguments...)
}

// runToken is the verb token.
func runToken(c *verbCall) error {
	configFile := c.configFlag()
	role := c.flags.String("role", "", "of a new token: admin")
	name := c.flags.String("name", "", "of a new token: what it is for, or whose it is")
	expires := c.flags.String("expires", "", "of a new token: after so long it works no more (`duration`, such as 90d or 12h); without it never")
	word, err := c.sub("create", "list", "revoke")
	switch {
	case err != nil:
		return err
	case word == "list":
		return c.onData(configFile, c.listTokens)
	case word == "revoke":
		return c.onData(configFile, func(client *control.Client) error {
			if err := client.RevokeToken(c.ctx, c.positional[0]); err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "revoked %s\n", c.positional[0])
			return nil
		}, "ID")
	}
	if err := c.parse(); err != nil {
		return err
	}
	lifetime, err := tokenLifetime(*role, *expires)
	if err != nil {
		return err
	}
	cfg, err := c.loadConfig(configFile)
	if err != nil {
		return err
	}
	return c.withData(cfg, true, func(client *control.Client) error {
		t, err := client.CreateToken(c.ctx, *role, *name, lifetime)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(c.stdout, t.Secret); err != nil {
			return fmt.Errorf("the secret of %s is lost, revoke it: %w", t.ID, err)
		}
		fmt.Fprintf(c.stderr, "This is the secret of %s, %s. It is shown only now.\n", t.ID, until(t.Expires))
		return nil
	})
}

// tokenLifetime checks the flags of a new token; 0 is for ever.
func tokenLifetime(role, expires string) (time.Duration, error) {
	if role != auth.RoleAdmin {
		return 0, usageError{"--role must be " + auth.RoleAdmin}
	}
	if expires == "" {
		return 0, nil
	}
	d, err := control.ParseLifetime(expires)
	if err != nil {
		return 0, usageError{"--expires " + err.Error()}
	}
	return d, nil
}

func until(t time.Time) string {
	if t.IsZero() {
		return "which works until it is revoked"
	}
	return "which works until " + moment(t)
}

// moment is a time as this verb's reader has it on the clock.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04 MST")
}

func (c *verbCall) listTokens(client *control.Client) error {
	all, err := client.Tokens(c.ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tROLE\tNAME\tCREATED\tBY\tLAST USED\tEXPIRES\tREVOKED")
	for _, t := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Role, t.Name, moment(t.Created), t.By, moment(t.LastUsed), moment(t.Expires), moment(t.Revoked))
	}
	return w.Flush()
}

// runUnlock is the verb unlock.
func runUnlock(c *verbCall) error {
	return c.onData(c.configFlag(), func(client *control.Client) error {
		if err := client.Unlock(c.ctx, c.positional[0]); err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "%s may ask for codes again\n", c.positional[0])
		return nil
	}, "P_ID")
}

// runCode is the verb code.
func runCode(c *verbCall) error {
	return c.onData(c.configFlag(), func(client *control.Client) error {
		code, err := client.MakeCode(c.ctx, c.positional[0])
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(c.stdout, code.Code); err != nil {
			return err
		}
		fmt.Fprintf(c.stderr, "Read it out to %s, who asks for a code on the login page first. It works once, until %s.\n",
			c.positional[0], code.Until.Local().Format("15:04:05"))
		return nil
	}, "P_ID")
}

// runKey is the verb key.
func runKey(c *verbCall) error {
	configFile := c.configFlag()
	now := c.flags.Bool("now", false, "end every login at once; without it the old key verifies until its logins have ended")
	if _, err := c.sub("rotate"); err != nil {
		return err
	}
	return c.onData(configFile, func(client *control.Client) error {
		if err := client.Rotate(c.ctx, *now); err != nil {
			return err
		}
		if *now {
			fmt.Fprintln(c.stdout, "a new key signs logins; every login has ended")
		} else {
			fmt.Fprintln(c.stdout, "a new key signs logins; the old one verifies until its logins have ended")
		}
		return nil
	})
}
