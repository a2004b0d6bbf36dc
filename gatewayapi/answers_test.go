package gatewayapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answers to a send that look like an acceptance and are none, and some that
// are.
var answers = map[string]map[string]struct{ body, id string }{
	"Messaging API": {
		"a message":                     {`{"msg_id":"01AA","recipient":15005550006,"reference":"00000000000000000000000000000001"}`, "01AA"},
		"a message, no reference":       {`{"msg_id":"01AA","recipient":15005550006,"reference":null}`, "01AA"},
		"a message and no more":         {`{"msg_id":"01AA"}`, "01AA"},
		"a message, a second spelling":  {`{"msg_id":"01AA","recipient":5215005550006}`, "01AA"},
		"a message, key in escapes":     {`{"msg\u005fid":"01AA"}`, "01AA"},
		"a message, and news":           {`{"msg_id":"01AA","price":0.12,"channel":["sms"]}`, "01AA"},
		"no message":                    {`{"recipient":15005550006,"reference":null}`, ""},
		"an empty id":                   {`{"msg_id":""}`, ""},
		"no id":                         {`{"msg_id":null}`, ""},
		"an id that is a number":        {`{"msg_id":421332671}`, ""},
		"an id that is true":            {`{"msg_id":true}`, ""},
		"an id in a list":               {`{"msg_id":["01AA"]}`, ""},
		"an id in an object":            {`{"message":{"msg_id":"01AA"}}`, ""},
		"an id in another case":         {`{"MSG_ID":"01AA"}`, ""},
		"an id that stands twice":       {`{"msg_id":"01AA","msg_id":"01AB"}`, ""},
		"an id with a line":             {`{"msg_id":"01AA\nforged"}`, ""},
		"an id that is too long":        {`{"msg_id":"` + strings.Repeat("A", 65) + `"}`, ""},
		"an id that is the recipient":   {`{"msg_id":"15005550006"}`, ""},
		"another recipient":             {`{"msg_id":"01AA","recipient":15017122661}`, ""},
		"a recipient in quotes":         {`{"msg_id":"01AA","recipient":"15005550006"}`, ""},
		"a recipient cut short":         {`{"msg_id":"01AA","recipient":50006}`, ""},
		"a recipient that stands twice": {`{"msg_id":"01AA","recipient":15017122661,"recipient":15005550006}`, ""},
		"another reference":             {`{"msg_id":"01AA","reference":"00000000000000000000000000000002"}`, ""},
		"a reference that is a number":  {`{"msg_id":"01AA","reference":1}`, ""},
		"the REST API's answer":         {`{"ids":[421332671]}`, ""},
		"the answer to many":            {`{"responses":[{"msg_id":"01AA"}]}`, ""},
	},
	"REST API": {
		"a message":                {`{"ids":[421332671],"usage":{"countries":{"US":1},"currency":"DKK","total_cost":0.12}}`, "421332671"},
		"a message, in spaces":     {`{ "ids" : [ 421332671 ] }`, "421332671"},
		"no message":               {`{"ids":[]}`, ""},
		"two messages":             {`{"ids":[421332671,421332672]}`, ""},
		"no list":                  {`{"ids":421332671}`, ""},
		"a list that is empty":     {`{"ids":[ ]}`, ""},
		"an id that is a string":   {`{"ids":["421332671"]}`, ""},
		"an id that is no number":  {`{"ids":[null]}`, ""},
		"an id that is true":       {`{"ids":[true]}`, ""},
		"an id that is zero":       {`{"ids":[0]}`, ""},
		"an id below zero":         {`{"ids":[-1]}`, ""},
		"an id that is a fraction": {`{"ids":[1.5]}`, ""},
		"an id in a list of lists": {`{"ids":[[421332671]]}`, ""},
		"an id beyond all numbers": {`{"ids":[42133267142133267142]}`, ""},
		"the recipient as id":      {`{"ids":[15005550006]}`, ""},
		"no ids":                   {`{"usage":{"total_cost":0.12}}`, ""},
		"ids that are null":        {`{"ids":null}`, ""},
		"ids in another case":      {`{"IDS":[421332671]}`, ""},
		"ids that stand twice":     {`{"ids":[421332671],"ids":[421332671]}`, ""},
		"the Messaging API's":      {`{"msg_id":"01AA"}`, ""},
		"an error after all":       {`{"code":"0x0216","incident_uuid":"x","message":"Insufficient credit"}`, ""},
	},
}

// neither is an answer of any API.
var neither = map[string]string{
	"an array":                  `[{"msg_id":"01AA","ids":[421332671]}]`,
	"a bare string":             `"01AA"`,
	"a second document":         `{"msg_id":"01AA","ids":[421332671]}{}`,
	"half a document":           `{"msg_id":"01AA","ids":[421332671]`,
	"a page":                    `<html>accepted</html>`,
	"nothing":                   ` `,
	"a page of 64 KiB and more": `{"msg_id":"01AA","ids":[421332671],"x":"` + strings.Repeat("x", 64<<10) + `"}`,
}

func TestOnlyAnIDAccepts(t *testing.T) {
	t.Parallel()
	for api, tests := range answers {
		for name, body := range neither {
			tests[name] = struct{ body, id string }{body, ""}
		}
		client, srv := emulated(t, ways[api]())
		for name, tc := range tests {
			for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusAccepted} {
				t.Run(api+": "+name, func(t *testing.T) {
					srv.Fail(gatewayapitest.Fault{Status: status, Body: tc.body})
					id, err := client.Deliver(t.Context(), text("Hi"))
					assert.Equal(t, tc.id, id)
					if tc.id == "" {
						require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
						return
					}
					require.NoError(t, err)
				})
			}
		}
	}
}

func TestARedirectIsNeverFollowed(t *testing.T) {
	t.Parallel()
	canary := gatewayapitest.NewServer(t)
	for name, way := range ways {
		for _, status := range []int{301, 302, 303, 307, 308} {
			client, srv := emulated(t, way())
			fault := gatewayapitest.Fault{Status: status}
			fault.Header = http.Header{"Location": {canary.URL + "/rest/mtsms"}}
			srv.Fail(fault)
			_, err := client.Deliver(t.Context(), text("Hi"))
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown, "%s, %d", name, status)
			assert.Equal(t, 1, srv.Requests())
		}
	}
	assert.Zero(t, canary.Requests(), "F11: neither the text nor the credentials go where a redirect says")
}
