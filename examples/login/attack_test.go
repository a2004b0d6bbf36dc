package main

import (
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAttack has each attack made on a site that is served on a socket, with the
// vendor emulated behind it. None gets anything.
func TestAttack(t *testing.T) {
	for name, attack := range map[string]func(*testing.T){
		"parallel attempts":                    attackParallelAttempts,
		"attempts over many logins":            attackAttemptsOverManyLogins,
		"the right code many times at once":    attackTheRightCodeManyTimesAtOnce,
		"a vendor that approves twice":         attackAVendorThatApprovesTwice,
		"replayed codes":                       attackReplayedCodes,
		"a code for something else":            attackACodeForSomethingElse,
		"a changed transfer":                   attackAChangedTransfer,
		"a changed transfer in another window": attackAChangedTransferInAnotherWindow,
		"a number in another window":           attackANumberInAnotherWindow,
		"two answers at once":                  attackTwoAnswersAtOnce,
		"session fixation":                     attackSessionFixation,
		"a slow request across a logout":       attackASlowRequestAcrossALogout,
		"a refresh storm":                      attackARefreshStorm,
		"another's challenge":                  attackAnothersChallenge,
		"with the password alone":              attackWithThePasswordAlone,
		"one recovery code many times at once": attackOneRecoveryCodeManyTimesAtOnce,
		"forged devices":                       attackForgedDevices,
		"from another site":                    attackFromAnotherSite,
		"finding out names":                    attackNamesCannotBeFoundOut,
		"password attempts":                    attackPasswordAttempts,
		"pumping messages":                     attackPumpingMessages,
		"many accounts and dear numbers":       attackManyAccountsAndDearNumbers,
		"one number from many accounts":        attackOneNumberFromManyAccounts,
		"a request that is too large":          attackARequestThatIsTooLarge,
		"keeping a person out":                 attackKeepingAPersonOut,
		"sessions for nobody":                  attackSessionsForNobody,
		"a call by the code of a message":      attackACallByTheCodeOfAMessage,
		"a call by a message to somebody else": attackACallByAMessageForAnotherAccount,
		"calls alone, by a message":            attackCallsAloneByAMessage,
		"a device without a login":             attackADeviceWithoutALogin,
		"a password that was changed":          attackAPasswordThatWasChanged,
		"without the factor that is demanded":  attackWithoutTheFactorThatIsDemanded,
		"a registration of somebody else":      attackARegistrationOfSomebodyElse,
		"an app's code again":                  attackAReplayedAppCode,
		"codes by app and text in turns":       attackByBothFactors,
		"two apps at once":                     attackTwoAppsAtOnce,
		"an app over another":                  attackAnAppOverAnother,
		"an app of another account":            attackATokenOfAnotherAccount,
		"an app set up long ago":               attackAnOldSetup,
		"the last factor":                      attackTheLastFactor,
		"a stranger who locks an app":          attackALockoutByAStranger,
		"a number of another account":          attackANumberOfAnotherAccount,
		"a number that is not proven":          attackAnUnprovenNumber,
		"attempts over two numbers":            attackAttemptsOverTwoNumbers,
		"a number chosen in another window":    attackANumberChosenMeanwhile,
		"the last number":                      attackTheLastNumber,
		"a number that was removed":            attackARemovedNumber,
		"a passkey of another account":         attackAPasskeyOfAnotherAccount,
		"a passkey's answer again":             attackAReplayedPasskey,
		"a copied passkey":                     attackACopiedPasskey,
		"a question for a passkey twice":       attackAQuestionTwice,
		"a passkey that is late":               attackALateQuestion,
		"the last passkey":                     attackTheLastPasskey,
	} {
		t.Run(name, attack)
	}
}

// serve has the site answer on a socket, and returns how people come to it.
func (b *bank) serve(t *testing.T) func() *person {
	t.Helper()
	server := httptest.NewServer(b.Handler)
	t.Cleanup(server.Close)
	return func() *person { return newPerson(t, server.Client().Transport, server.URL) }
}

// halfWay returns somebody whose password was right and who was sent a code.
func (b *bank) halfWay(t *testing.T, come func() *person) *person {
	t.Helper()
	b.enrolled(t, "ada", false)
	p := come().logIn("ada").send("sms")
	require.Contains(t, p.text("sent"), "text message")
	return p
}

// again is the same browser for another goroutine.
func (p *person) again() *person {
	q := *p
	return &q
}

// storm does something n times at once.
func storm(n int, do func(i int)) {
	gate := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-gate
			do(i)
		})
	}
	close(gate)
	wg.Wait()
}

// in reports whether somebody is logged in.
func (p *person) in() bool { return p.get("/").text("title") == "Your account" }
