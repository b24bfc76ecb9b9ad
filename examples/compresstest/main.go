// Takes a file from a form and tells how small each compression of Go's standard library makes it.
package main

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/lzw"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

const largestFormBytes = 4 << 20

func main() {
	serve(func(request Request) (Response, error) {
		// API Gateway adds no CORS headers of its own to what a function answers.
		headers := map[string]string{"Access-Control-Allow-Origin": "*"}
		content, err := uploaded(request)
		if err != nil {
			return Response{StatusCode: 403, Headers: headers, Body: "Could not read request body"}, nil
		}
		sizes, err := compressed(content)
		if err != nil {
			return Response{}, err
		}
		body, err := json.Marshal(sizes)
		headers["Content-Type"] = "application/json"
		return Response{StatusCode: 200, Headers: headers, Body: string(body)}, err
	})
}

// uploaded is the file in the form field "file".
func uploaded(request Request) ([]byte, error) {
	body := []byte(request.Body)
	if request.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(request.Body)
		if err != nil {
			return nil, err
		}
		body = decoded
	}
	form := http.Request{Method: "POST", Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}
	for name, value := range request.Headers {
		// Some clients send the name in lower case, others with capitals.
		if strings.EqualFold(name, "Content-Type") {
			form.Header.Set(name, value)
		}
	}
	if err := form.ParseMultipartForm(largestFormBytes); err != nil {
		return nil, err
	}
	file, _, err := form.FormFile("file")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// compressed tells the size that each codec makes of the content.
func compressed(content []byte) (map[string]int, error) {
	sizes := map[string]int{"none": len(content)}
	codecs := map[string]func(io.Writer) (io.WriteCloser, error){
		"deflate": func(to io.Writer) (io.WriteCloser, error) { return flate.NewWriter(to, flate.BestCompression) },
		"gzip":    func(to io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(to, gzip.BestCompression) },
		"zlib":    func(to io.Writer) (io.WriteCloser, error) { return zlib.NewWriterLevel(to, zlib.BestCompression) },
		"lzw":     func(to io.Writer) (io.WriteCloser, error) { return lzw.NewWriter(to, lzw.MSB, 8), nil },
	}
	for name, codec := range codecs {
		var packed bytes.Buffer
		writer, err := codec(&packed)
		if err != nil {
			return nil, err
		}
		if _, err = writer.Write(content); err != nil {
			return nil, err
		}
		if err = writer.Close(); err != nil {
			return nil, err
		}
		sizes[name] = packed.Len()
	}
	return sizes, nil
}
