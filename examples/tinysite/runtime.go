// What every custom runtime does: ask for an event, handle it, answer.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

// Request is what API Gateway tells a function of a request.
type Request struct {
	HTTPMethod      string            `json:"httpMethod"`
	Path            string            `json:"path"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// Response is what it makes an answer of.
type Response struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// serve answers events until the environment ends.
func serve(handle func(Request) (Response, error)) {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		event, err := http.Get(api + "next")
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(event.Body)
		event.Body.Close()
		if err != nil {
			log.Fatal(err)
		}
		id := event.Header.Get("Lambda-Runtime-Aws-Request-Id")
		var request Request
		if err = json.Unmarshal(body, &request); err == nil {
			var response Response
			if response, err = handle(request); err == nil {
				post(api+id+"/response", response)
				continue
			}
		}
		post(api+id+"/error", map[string]string{"errorType": "errorString", "errorMessage": err.Error()})
	}
}

func post(url string, document interface{}) {
	content, err := json.Marshal(document)
	if err != nil {
		log.Fatal(err)
	}
	answer, err := http.Post(url, "application/json", bytes.NewReader(content))
	if err != nil {
		log.Fatal(err)
	}
	answer.Body.Close()
}
