// Command readyaml writes every YAML document on standard input as one line of JSON.
//
// It decodes as kubectl does when it reads manifests: the same stream decoder, the same buffer
// size, the same skipping of empty documents. It judges nothing about what the documents say.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/util/yaml"
)

const kubectlBufferSize = 4096

func convert(from io.Reader, to io.Writer) error {
	decoder := yaml.NewYAMLOrJSONDecoder(from, kubectlBufferSize)
	for index := 0; ; index++ {
		var document json.RawMessage
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("document %d: %w", index, err)
		}
		if len(document) == 0 || string(document) == "null" {
			continue
		}
		var line bytes.Buffer
		if err := json.Compact(&line, document); err != nil {
			return fmt.Errorf("document %d: %w", index, err)
		}
		line.WriteByte('\n')
		if _, err := line.WriteTo(to); err != nil {
			return err
		}
	}
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	err := convert(os.Stdin, out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "readyaml:", err)
		os.Exit(1)
	}
}
