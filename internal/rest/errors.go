package rest

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/duoplane/duoplane/internal/fault"
)

// An answer is what the wire shows of a fault.Code: the HTTP status and
// ONTAP's number, which travels as a string.
type answer struct {
	status int
	number string
}

// answers is the one place that knows HTTP statuses and ONTAP's numbers. The
// numbers are those of ONTAP's table of common codes and of the account and
// SVM endpoints; where ONTAP documents none for a case of ours, the nearest.
var answers = map[fault.Code]answer{
	fault.Exists:          {http.StatusConflict, "1"},
	fault.NotFound:        {http.StatusNotFound, "4"},
	fault.Denied:          {http.StatusForbidden, "6"},
	fault.Unauthenticated: {http.StatusUnauthorized, "6691623"},
	fault.InUse:           {http.StatusConflict, "8"},
	fault.Raced:           {http.StatusConflict, "8"},
	fault.NoSuchOwner:     {http.StatusNotFound, "2621462"},
	fault.OwnerMismatch:   {http.StatusBadRequest, "2621706"},
	fault.LastAdmin:       {http.StatusConflict, "5636098"},
	fault.NoSuchRole:      {http.StatusNotFound, "1261215"},
	fault.RoleScope:       {http.StatusBadRequest, "7077906"},
	fault.MethodPair:      {http.StatusBadRequest, "5636176"},
	fault.ReservedName:    {http.StatusBadRequest, "5636121"},
	fault.NameCharacters:  {http.StatusBadRequest, "7077897"},
	fault.NameLength:      {http.StatusBadRequest, "7077899"},
	fault.PasswordLength:  {http.StatusBadRequest, "7077919"},
	fault.PasswordContent: {http.StatusBadRequest, "7077920"},

	fault.BadValue:        {http.StatusBadRequest, "262197"},
	fault.BadReason:       {http.StatusBadRequest, "262245"},
	fault.UnknownField:    {http.StatusBadRequest, "262179"},
	fault.MissingField:    {http.StatusBadRequest, "262278"},
	fault.TwiceField:      {http.StatusBadRequest, "262188"},
	fault.NotSettable:     {http.StatusBadRequest, "262196"},
	fault.NotPatchable:    {http.StatusBadRequest, "262203"},
	fault.NothingToSet:    {http.StatusBadRequest, "262190"},
	fault.ArrayWanted:     {http.StatusBadRequest, "262254"},
	fault.ArrayUnwanted:   {http.StatusBadRequest, "262255"},
	fault.DuplicateValue:  {http.StatusBadRequest, "262222"},
	fault.ExclusiveFields: {http.StatusBadRequest, "262186"},
	fault.BadJSON:         {http.StatusBadRequest, "262199"},
	fault.BadBody:         {http.StatusBadRequest, "262201"},
	fault.BodyUnwanted:    {http.StatusBadRequest, "262198"},
	fault.TooLarge:        {http.StatusRequestEntityTooLarge, "262245"},
	fault.BadRequest:      {http.StatusBadRequest, "2"},

	fault.MissingOperand:   {http.StatusBadRequest, "262194"},
	fault.UnknownSelection: {http.StatusBadRequest, "262197"},
	fault.SecretInQuery:    {http.StatusBadRequest, "262202"},
	fault.AllFields:        {http.StatusBadRequest, "262220"},
	fault.NotReadable:      {http.StatusBadRequest, "262249"},
	fault.NotSortable:      {http.StatusBadRequest, "262268"},
	fault.Braces:           {http.StatusBadRequest, "262286"},
	fault.NoFilter:         {http.StatusBadRequest, "262212"},
	fault.FilterOnCreate:   {http.StatusBadRequest, "262211"},
	fault.QueryQuote:       {http.StatusBadRequest, "262272"},
	fault.QueryHalf:        {http.StatusBadRequest, "262273"},
	fault.QueryEmpty:       {http.StatusBadRequest, "262274"},
	fault.QueryNoField:     {http.StatusBadRequest, "262275"},
	fault.QueryTwice:       {http.StatusBadRequest, "262276"},
	fault.QueryNotRead:     {http.StatusBadRequest, "262277"},
	fault.SlowOrder:        {http.StatusInternalServerError, "262210"},

	fault.NoSuchAPI:     {http.StatusNotFound, "3"},
	fault.BadMethod:     {http.StatusMethodNotAllowed, "3"},
	fault.TooMany:       {http.StatusTooManyRequests, "262160"},
	fault.Busy:          {http.StatusServiceUnavailable, "7"},
	fault.Unavailable:   {http.StatusServiceUnavailable, "65541"},
	fault.Outdated:      {http.StatusServiceUnavailable, "65541"},
	fault.Timeout:       {http.StatusServiceUnavailable, "65552"},
	fault.RecordFailed:  {http.StatusBadRequest, "262287"},
	fault.RecordsFailed: {http.StatusBadRequest, "262292"},
	fault.JobRunning:    {http.StatusBadRequest, "262293"},
	fault.JobForeign:    {http.StatusBadRequest, "262294"},
	fault.Internal:      {http.StatusInternalServerError, "262145"},
}

// The sentences clients look for, as ONTAP writes them.
const (
	msgInternal        = "An internal error occurred. The server's log has it under the request's id."
	msgUnauthenticated = "User is not authorized."
	msgDenied          = "not authorized for that command"
	msgNotFound        = "entry doesn't exist"
	msgNoSuchAPI       = "API not found"
	msgBadMethod       = "The operation is not supported."
)

// A refusal is an error made ready for the wire.
type refusal struct {
	code    fault.Code
	status  int
	number  string
	message string
	target  string
	after   time.Duration // how long to wait, 0 when nobody said
}

// refuse turns any error into what the client may see. An error without a
// *fault.Error in its tree, or one whose code is Internal, shows a fixed
// sentence: its own text is for the log.
func refuse(err error) refusal {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok && errors.Is(err, context.DeadlineExceeded) {
		f, ok = fault.New(fault.Timeout, "", "The request could not be completed in time."), true
	}
	if !ok || f.Code == fault.Internal {
		a := answers[fault.Internal]
		return refusal{code: fault.Internal, status: a.status, number: a.number, message: msgInternal}
	}
	code := f.Code
	a, ok := answers[code]
	if !ok {
		code, a = fault.Internal, answers[fault.Internal]
	}
	r := refusal{code: code, status: a.status, number: a.number, message: f.Msg, target: f.Target, after: f.After}
	if s, ok := errors.AsType[*statusError](err); ok {
		r.status = s.status
	}
	return r
}

// A statusError is a fault whose HTTP status in this place is not the one of
// its code: an SVM that does not exist is 404 as an owner in a body, 400 in a
// scope header.
type statusError struct {
	error

	status int
}

func (e *statusError) Unwrap() error { return e.error }

// retryAfter is the number of seconds after which a refused client may try
// again, "" when trying again would not help.
func (r refusal) retryAfter() string {
	switch {
	case r.after > 0:
		return strconv.Itoa(int(math.Ceil(r.after.Seconds())))
	case r.status == http.StatusTooManyRequests:
		return "5"
	case r.status == http.StatusServiceUnavailable:
		return "2"
	}
	return ""
}
