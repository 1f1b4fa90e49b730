// Renders the chart as `helm template` does, with Go's own templates and Sprig. Helm itself is not needed.
//
// usage: go run render.go <chart> [<values.yaml>]
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(path string) map[string]interface{} {
	text, err := os.ReadFile(path)
	must(err)
	values := map[string]interface{}{}
	must(yaml.Unmarshal(text, &values))
	return values
}

// merge sets the values of another file, as `--values` does.
func merge(into, from map[string]interface{}) {
	for key, value := range from {
		own, isMap := into[key].(map[string]interface{})
		other, isOther := value.(map[string]interface{})
		if isMap && isOther {
			merge(own, other)
		} else {
			into[key] = value
		}
	}
}

func main() {
	chart := os.Args[1]
	values := read(filepath.Join(chart, "values.yaml"))
	if len(os.Args) > 2 {
		merge(values, read(os.Args[2]))
	}
	about := read(filepath.Join(chart, "Chart.yaml"))
	templates := template.New("chart").Option("missingkey=error").Funcs(sprig.TxtFuncMap())
	templates.Funcs(template.FuncMap{
		"include": func(name string, data interface{}) (string, error) {
			var text bytes.Buffer
			err := templates.ExecuteTemplate(&text, name, data)
			return text.String(), err
		},
		"toYaml": func(value interface{}) (string, error) {
			text, err := yaml.Marshal(value)
			return strings.TrimSuffix(string(text), "\n"), err
		},
	})
	files, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	must(err)
	_, err = templates.ParseFiles(files...)
	must(err)
	data := map[string]interface{}{
		"Values":  values,
		"Release": map[string]interface{}{"Name": "support", "Service": "Helm", "Namespace": "default"},
		"Chart":   map[string]interface{}{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
	}
	for _, file := range files {
		if filepath.Ext(file) != ".yaml" {
			continue
		}
		fmt.Println("---")
		must(templates.ExecuteTemplate(os.Stdout, filepath.Base(file), data))
	}
}
