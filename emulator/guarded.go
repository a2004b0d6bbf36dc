package emulator

import "net/http"

// Guarded serves requests whose Authorization holds a credential after a scheme, such
// as "Bearer", and answers to any other as refused says.
func Guarded(scheme, credential string, refused *Answer) func(func(*http.Request) *Answer) func(*http.Request) *Answer {
	return func(serve func(*http.Request) *Answer) func(*http.Request) *Answer {
		return func(r *http.Request) *Answer {
			if Credential(r, scheme) != credential {
				return refused
			}
			return serve(r)
		}
	}
}

// What may be wrong with the user and the password of a request: there are none, the
// user is not known, or has another password.
const NoUser, OtherUser, OtherPassword = "no_user", "other_user", "other_password" //nolint:revive // one thing in three words

// GuardedBasic serves requests with the name of a user, and the user's password. It
// answers to any other as refused says of what is wrong.
func GuardedBasic(passwords map[string]string, refused func(wrong string) *Answer) func(func(*http.Request) *Answer) func(*http.Request) *Answer {
	return func(serve func(*http.Request) *Answer) func(*http.Request) *Answer {
		return func(r *http.Request) *Answer {
			user, given, ok := r.BasicAuth()
			password, known := passwords[user]
			switch {
			case !ok:
				return refused(NoUser)
			case !known:
				return refused(OtherUser)
			case given != password:
				return refused(OtherPassword)
			}
			return serve(r)
		}
	}
}
