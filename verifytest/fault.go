package verifytest

// A Fault is what a vendor may show in place of a healthy answer. Each is a row
// of the project's table of failures, by whose number the rules name it too.
type Fault string

// The faults of a Send after which surely no message leaves.
const (
	FaultUnreachable          Fault = "unreachable"              // no connection: refused, no address, no handshake
	FaultRateLimited          Fault = "rate_limited"             // the account is throttled, and no wait is named
	FaultRateLimitedForAnHour Fault = "rate_limited_for_an_hour" // the account is throttled for 3600 seconds
	FaultTooManySends         Fault = "too_many_sends"           // this recipient was sent too many codes
	FaultBlocked              Fault = "blocked"                  // a fraud guard, a country or an opt-out
	FaultRefusedRecipient     Fault = "refused_recipient"        // well-formed, and yet not reachable
	FaultBadCredentials       Fault = "bad_credentials"          // the vendor refuses the credentials
)

// The faults of a Send after which a message may leave. The vendor has acted on
// each request, which Target.Effects must count.
const (
	FaultServerError Fault = "server_error" // 500, with the vendor's own body
	FaultBadGateway  Fault = "bad_gateway"  // 502, with somebody else's body
	FaultReplyLost   Fault = "reply_lost"   // the connection ends after the request was written
	FaultTimeout     Fault = "timeout"      // no answer at all
	FaultTruncated   Fault = "truncated"    // 2xx, and half the body
	FaultUnknownBody Fault = "unknown_body" // 2xx, and a body that says neither yes nor no
	FaultRedirected  Fault = "redirected"   // 307 to another host
)

// The faults of a Check. A Verifier that asks no vendor at Check plays those that
// its store can show.
const (
	FaultCheckUnreachable          Fault = "check_unreachable"              // no connection, not even a warm one: surely not asked
	FaultCheckRateLimitedForAnHour Fault = "check_rate_limited_for_an_hour" // the account is throttled for 3600 seconds
	FaultTooManyAttempts           Fault = "too_many_attempts"              // too many attempts were made: the right code is refused too
	FaultCheckBadCredentials       Fault = "check_bad_credentials"          // the vendor refuses the credentials
	FaultCheckServerError          Fault = "check_server_error"             // 500
	FaultCheckReplyLost            Fault = "check_reply_lost"               // every reply is lost, after the vendor approved
	FaultCheckReplyLostOnce        Fault = "check_reply_lost_once"          // the first reply is lost, after the vendor approved; others are not
	FaultCheckTimeout              Fault = "check_timeout"                  // no answer at all
	FaultCheckTruncated            Fault = "check_truncated"                // half of an approval
	FaultCheckUnknownBody          Fault = "check_unknown_body"             // 2xx, and a body that says neither yes nor no
	FaultCheckNotFound             Fault = "check_not_found"                // 404, with somebody else's body: a proxy's
	FaultCheckOtherSubject         Fault = "check_other_subject"            // an approval of somebody else
)
