package verifytest

// A Fault is what a vendor may show in place of a healthy answer. Each is a row
// of the project's table of failures, by whose number the rules name it too.
type Fault string

// The faults of a Send after which surely no message leaves.
const (
	FaultUnreachable          Fault = "unreachable"              // no connection: refused, no address, no handshake (rows 5 to 10)
	FaultRateLimited          Fault = "rate_limited"             // the account is throttled, and no wait is named (rows 30, 32)
	FaultRateLimitedForAnHour Fault = "rate_limited_for_an_hour" // the account is throttled for 3600 seconds (row 31)
	FaultTooManySends         Fault = "too_many_sends"           // this recipient was sent too many codes (row 33)
	FaultBlocked              Fault = "blocked"                  // a fraud guard, a country or an opt-out (row 26)
	FaultRefusedRecipient     Fault = "refused_recipient"        // well-formed, and yet not reachable (row 23)
	FaultBadCredentials       Fault = "bad_credentials"          // the vendor refuses the credentials (row 25)
)

// The faults of a Send after which a message may leave. The vendor has acted on
// each request, which Target.Effects must count.
const (
	FaultServerError Fault = "server_error" // 500, with the vendor's own body (row 34)
	FaultBadGateway  Fault = "bad_gateway"  // 502, with somebody else's body (row 36)
	FaultReplyLost   Fault = "reply_lost"   // the connection ends after the request was written (row 13)
	FaultTimeout     Fault = "timeout"      // no answer at all (row 12)
	FaultTruncated   Fault = "truncated"    // 2xx, and half the body (row 19)
	FaultUnknownBody Fault = "unknown_body" // 2xx, and a body that says neither yes nor no (row 18)
	FaultRedirected  Fault = "redirected"   // 307 to another host (row 22)
)

// The faults of a Check. A Verifier that asks no vendor at Check plays those that
// its store can show.
const (
	FaultCheckUnreachable          Fault = "check_unreachable"              // no connection, not even a warm one: surely not asked (rows 5 to 10)
	FaultCheckRateLimitedForAnHour Fault = "check_rate_limited_for_an_hour" // the account is throttled for 3600 seconds (row 31)
	FaultTooManyAttempts           Fault = "too_many_attempts"              // too many attempts were made: the right code is refused too (row 33)
	FaultCheckBadCredentials       Fault = "check_bad_credentials"          // the vendor refuses the credentials (row 25)
	FaultCheckServerError          Fault = "check_server_error"             // 500 (row 34)
	FaultCheckReplyLost            Fault = "check_reply_lost"               // every reply is lost, after the vendor approved (row 13)
	FaultCheckReplyLostOnce        Fault = "check_reply_lost_once"          // the first reply is lost, after the vendor approved; others are not (row 28)
	FaultCheckTimeout              Fault = "check_timeout"                  // no answer at all (row 12)
	FaultCheckTruncated            Fault = "check_truncated"                // half of an approval (row 19)
	FaultCheckUnknownBody          Fault = "check_unknown_body"             // 2xx, and a body that says neither yes nor no (row 18)
	FaultCheckNotFound             Fault = "check_not_found"                // 404, with somebody else's body: a proxy's (row 24)
	FaultCheckOtherSubject         Fault = "check_other_subject"            // an approval of somebody else (row 21)
)
