// Package main reads resources as other programs do: kstatus by its library and by the copy of it that Helm 4 and Flux
// link, health by a health.lua as Argo CD runs it.
//
// Usage: reading health.lua < a JSON list of objects > a JSON list of readings, in the same order.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	flux "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// Reading is what the readers say of one object.
type Reading struct {
	Kstatus string `json:"kstatus"`
	// Flux is the kstatus of Flux' copy of the library, which Helm 4 links, too.
	Flux string `json:"flux"`
	// Message is what kstatus hands on to people.
	Message string `json:"message"`
	ArgoCD  Health `json:"argoCD"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: reading health.lua < objects.json")
	}
	script, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	var objects []unstructured.Unstructured
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		return fmt.Errorf("standard input must be a JSON list of objects: %w", err)
	}
	readings := make([]Reading, 0, len(objects))
	for index := range objects {
		reading, err := read(&objects[index], string(script))
		if err != nil {
			return fmt.Errorf("object %d: %w", index, err)
		}
		readings = append(readings, reading)
	}
	return json.NewEncoder(os.Stdout).Encode(readings)
}

func read(object *unstructured.Unstructured, script string) (Reading, error) {
	ours, err := status.Compute(object)
	if err != nil {
		return Reading{}, err
	}
	theirs, err := flux.Compute(object)
	if err != nil {
		return Reading{}, err
	}
	health, err := evaluate(object.Object, script)
	if err != nil {
		return Reading{}, err
	}
	return Reading{ours.Status.String(), theirs.Status.String(), ours.Message, health}, nil
}
