// One page, compressed as tightly as deflate can, with as few headers as there may be.
package main

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
)

const page = "<!DOCTYPE html><title>tiny</title><h1>The smallest site</h1><p>Deflated by a function."

func main() {
	serve(func(Request) (Response, error) {
		var packed bytes.Buffer
		writer, err := flate.NewWriter(&packed, flate.BestCompression)
		if err != nil {
			return Response{}, err
		}
		if _, err = writer.Write([]byte(page)); err != nil {
			return Response{}, err
		}
		if err = writer.Close(); err != nil {
			return Response{}, err
		}
		return Response{
			StatusCode: 200,
			// An empty type keeps API Gateway from setting one of its own.
			Headers:         map[string]string{"Content-Type": "", "Content-Encoding": "deflate"},
			Body:            base64.StdEncoding.EncodeToString(packed.Bytes()),
			IsBase64Encoded: true,
		}, nil
	})
}
