#!/usr/bin/env bash
# The AWS SDK for Go sends one text message three times when the answers are lost:
# its retries are on for SNS Publish, which has no idempotency key for phone
# numbers. Only aws.NopRetryer makes it one request.
#
# Seen on 2026-11-28 (github.com/aws/aws-sdk-go-v2/service/sns v1.48.0): a server on
# this machine reads each Publish whole and closes the connection. By default 3
# requests; with Options.Retryer = aws.NopRetryer{} 1.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'MOD'
module finding

go 1.25.0

require github.com/aws/aws-sdk-go-v2/service/sns v1.48.0
MOD
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

func main() {
	for _, once := range []bool{false, true} {
		requests := 0
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			requests++
			panic(http.ErrAbortHandler) // the request was read, and no answer comes
		}))
		client := sns.New(sns.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String(srv.URL),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "SECRET"}, nil
			}),
		}, func(o *sns.Options) {
			if once {
				o.Retryer = aws.NopRetryer{}
			}
		})
		_, err := client.Publish(context.Background(), &sns.PublishInput{
			PhoneNumber: aws.String("+15005550006"), Message: aws.String("123456 is your code."),
		})
		srv.Close()
		fmt.Printf("NopRetryer %v: requests %d, failed %v\n", once, requests, err != nil)
	}
}
GO
seen=$(GOFLAGS=-mod=mod GOWORK=off go run . 2>/dev/null)
echo "$seen"
[ "$seen" = "NopRetryer false: requests 3, failed true
NopRetryer true: requests 1, failed true" ] || { echo "the behavior has changed"; exit 1; }
