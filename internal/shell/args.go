package shell

import (
	"slices"
	"strings"
)

// An arg is a parameter that was given.
type arg struct {
	param *Param
	value token
	bare  bool // given without a value: a switch, or a secret to be asked for
}

// args is what a command was given.
type args struct {
	list []arg
	// where is the extended query, whose parameters all filter.
	where   []arg
	between bool // an extended query was given
	// pending is the last parameter, when its value is still to come.
	pending *Param
}

func (a *args) find(name string) *arg {
	i := slices.IndexFunc(a.list, func(g arg) bool { return g.param.Name == name })
	if i < 0 {
		return nil
	}
	return &a.list[i]
}

// An argParser turns tokens into args.
type argParser struct {
	params []*Param
	tokens []token
	at     int
	args   args
}

// parseArgs reads the tokens behind a command. Braces are an extended query
// where the command takes one, which is when filters is not nil: those are
// the parameters it may hold. What was read before an error is returned too.
func parseArgs(tokens []token, params, filters []*Param) (args, error) {
	p := argParser{params: params, tokens: tokens}
	if filters != nil && len(tokens) > 0 && tokens[0].brace {
		inner := argParser{params: filters, tokens: tokens[0].inner}
		err := inner.parse()
		p.args.where, p.args.between = inner.args.list, true
		if err == nil && inner.args.pending != nil {
			err = needsValue(inner.args.pending)
		}
		if err != nil {
			return p.args, err
		}
		p.at++
	}
	err := p.parse()
	return p.args, err
}

func needsValue(p *Param) error { return usagef("parameter %q needs a value", "-"+p.Name) }

func (p *argParser) parse() error {
	for p.at < len(p.tokens) {
		if err := p.one(); err != nil {
			return err
		}
	}
	return nil
}

// one reads a parameter with its value, or a value by position.
func (p *argParser) one() error {
	tok := p.tokens[p.at]
	if tok.brace {
		return usagef("an extended query in braces must be the first argument")
	}
	p.args.pending = nil
	name, named := tok.parameter()
	if !named {
		return p.positional(tok)
	}
	param, err := findParam(p.params, name)
	if err != nil {
		return err
	}
	p.at++
	if p.args.find(param.Name) != nil {
		return usagef("parameter %q is given twice", "-"+param.Name)
	}
	if param.Switch {
		p.args.list = append(p.args.list, arg{param: param, bare: true})
		return nil
	}
	return p.value(param)
}

func (p *argParser) positional(tok token) error {
	for _, param := range p.params {
		if param.Positional && p.args.find(param.Name) == nil {
			return p.value(param)
		}
	}
	return usagef("invalid argument %q", tok.text())
}

// value reads the value of a parameter, if there is one.
func (p *argParser) value(param *Param) error {
	value, ok := p.operand(param)
	if !ok {
		if p.at < len(p.tokens) && !param.Secret {
			return needsValue(param)
		}
		p.args.pending = param
	}
	if ok || param.Secret {
		p.args.list = append(p.args.list, arg{param: param, value: value, bare: !ok})
	}
	return nil
}

// operand joins the tokens that make up one value: a list goes on behind a
// comma, a query around a bar.
func (p *argParser) operand(param *Param) (token, bool) {
	if p.at == len(p.tokens) || p.tokens[p.at].brace {
		return token{}, false
	}
	value := p.tokens[p.at]
	if _, named := value.parameter(); named {
		return token{}, false
	}
	p.at++
	for p.at < len(p.tokens) {
		next := p.tokens[p.at]
		_, named := next.parameter()
		switch {
		case next.brace, named && !param.Rest:
			return value, true
		case param.Rest:
			value = value.join(token{parts: []part{{text: " "}}}).join(next)
		case param.List && (value.endsWith(",") || next.startsWith(",")),
			param.query && (value.endsWith("|") || next.startsWith("|")):
			value = value.join(next)
		default:
			return value, true
		}
		p.at++
	}
	return value, true
}

// checkRequired finds the first parameter that must be given and was not.
func checkRequired(params []*Param, a *args) error {
	if a.pending != nil && !a.pending.Secret {
		return needsValue(a.pending)
	}
	var missing []string
	for _, p := range params {
		if p.Required && !p.implied && a.find(p.Name) == nil {
			missing = append(missing, "-"+p.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return usagef("missing required parameter %s", strings.Join(missing, ", "))
}
