package auth

// WaitForPost waits until nothing is on its way to a phone.
func (a *Auth) WaitForPost() { a.post.underway.Wait() }
