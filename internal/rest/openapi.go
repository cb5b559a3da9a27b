package rest

import (
	"go.yaml.in/yaml/v3"
)

// The parts of an OpenAPI 2 document that ours uses, in the order in which
// they are written.
type (
	apiDocument struct {
		Swagger     string               `yaml:"swagger"`
		Info        apiInfo              `yaml:"info"`
		BasePath    string               `yaml:"basePath"`
		Schemes     []string             `yaml:"schemes,flow"`
		Consumes    []string             `yaml:"consumes,flow"`
		Produces    []string             `yaml:"produces,flow"`
		Security    []ordered            `yaml:"security"`
		Tags        []apiTag             `yaml:"tags"`
		Paths       ordered              `yaml:"paths"`
		Definitions ordered              `yaml:"definitions"`
		Parameters  ordered              `yaml:"parameters"`
		Responses   ordered              `yaml:"responses"`
		Secured     map[string]apiSecure `yaml:"securityDefinitions"`
	}
	apiInfo struct {
		Title       string     `yaml:"title"`
		Version     string     `yaml:"version"`
		Description string     `yaml:"description"`
		Contact     apiContact `yaml:"contact"`
		License     apiLicense `yaml:"license"`
	}
	apiContact struct {
		Name string `yaml:"name"`
		URL  string `yaml:"url"`
	}
	apiLicense struct {
		Name string `yaml:"name"`
		URL  string `yaml:"url"`
	}
	apiTag struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
	}
	apiSecure struct {
		Type        string `yaml:"type"`
		Description string `yaml:"description"`
	}
	apiOperation struct {
		Tags        []string       `yaml:"tags,flow"`
		Summary     string         `yaml:"summary"`
		Description string         `yaml:"description"`
		OperationID string         `yaml:"operationId"`
		Parameters  []apiParameter `yaml:"parameters,omitempty"`
		Responses   ordered        `yaml:"responses"`
	}
	apiParameter struct {
		Ref         string     `yaml:"$ref,omitempty"`
		Name        string     `yaml:"name,omitempty"`
		In          string     `yaml:"in,omitempty"`
		Description string     `yaml:"description,omitempty"`
		Required    bool       `yaml:"required,omitempty"`
		Type        string     `yaml:"type,omitempty"`
		Default     any        `yaml:"default,omitempty"`
		Minimum     *int64     `yaml:"minimum,omitempty"`
		Maximum     *int64     `yaml:"maximum,omitempty"`
		Schema      *apiSchema `yaml:"schema,omitempty"`
	}
	apiResponse struct {
		Ref         string     `yaml:"$ref,omitempty"`
		Description string     `yaml:"description,omitempty"`
		Schema      *apiSchema `yaml:"schema,omitempty"`
		Headers     ordered    `yaml:"headers,omitempty"`
	}
	apiSchema struct {
		Ref         string     `yaml:"$ref,omitempty"`
		Type        string     `yaml:"type,omitempty"`
		Format      string     `yaml:"format,omitempty"`
		Description string     `yaml:"description,omitempty"`
		Enum        []string   `yaml:"enum,omitempty,flow"`
		Default     any        `yaml:"default,omitempty"`
		Minimum     *int64     `yaml:"minimum,omitempty"`
		Maximum     *int64     `yaml:"maximum,omitempty"`
		MaxLength   int64      `yaml:"maxLength,omitempty"`
		MaxItems    int64      `yaml:"maxItems,omitempty"`
		ReadOnly    bool       `yaml:"readOnly,omitempty"`
		Example     any        `yaml:"example,omitempty"`
		Items       *apiSchema `yaml:"items,omitempty"`
		Required    []string   `yaml:"required,omitempty,flow"`
		Properties  ordered    `yaml:"properties,omitempty"`
	}
)

// ordered is a mapping that keeps the order in which it was written.
type ordered []entry

type entry struct {
	name  string
	value any
}

func (o *ordered) set(name string, value any) { *o = append(*o, entry{name, value}) }

// MarshalYAML implements yaml.Marshaler.
func (o ordered) MarshalYAML() (any, error) {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, e := range o {
		var key, value yaml.Node
		key.SetString(e.name)
		if err := value.Encode(e.value); err != nil {
			return nil, err
		}
		node.Content = append(node.Content, &key, &value)
	}
	return node, nil
}

func refTo(definition string) *apiSchema { return &apiSchema{Ref: "#/definitions/" + definition} }

func refParameter(name string) apiParameter { return apiParameter{Ref: "#/parameters/" + name} }

func refResponse(name string) apiResponse { return apiResponse{Ref: "#/responses/" + name} }

func arrayOf(items *apiSchema) *apiSchema { return &apiSchema{Type: "array", Items: items} }

func objectOf(description string, properties ...entry) *apiSchema {
	return &apiSchema{Type: "object", Description: description, Properties: properties}
}

func textSchema(description string) *apiSchema {
	return &apiSchema{Type: "string", Description: description}
}
