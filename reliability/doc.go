// Package reliability holds what is done to a running duoplane to see whether
// it keeps its word: it is killed, flooded and worn, and afterwards everything
// it acknowledged must be there and everybody else must have been served.
//
// The tests build the real program and drive it from outside. In their short
// form they are part of go test ./...; "go test ./reliability -long" runs each
// as long as it takes to believe it.
package reliability
