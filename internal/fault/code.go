package fault

// A Code is a stable word for one kind of trouble. The words are part of the
// audit log and of metric labels, so they never change their meaning; the
// numbers ONTAP uses for them are known to the REST edge alone.
type Code string

// The record and who may touch it.
const (
	Exists          Code = "exists"           // a record with the same key is there already
	NotFound        Code = "not_found"        // no such record
	Denied          Code = "denied"           // the caller's role forbids it
	Unauthenticated Code = "unauthenticated"  // no credentials, or wrong ones
	InUse           Code = "in_use"           // another record stands in the way
	Raced           Code = "raced"            // the record changed between read and write
	NoSuchOwner     Code = "no_such_owner"    // the SVM named as owner does not exist
	OwnerMismatch   Code = "owner_mismatch"   // owner.name and owner.uuid are of different owners
	LastAdmin       Code = "last_admin"       // it would leave nobody able to administer the cluster
	NoSuchRole      Code = "no_such_role"     // the role does not exist
	RoleScope       Code = "role_scope"       // the role is not for this kind of owner
	MethodPair      Code = "method_pair"      // application and authentication method do not go together
	ReservedName    Code = "reserved_name"    // the name is kept for the system
	NameCharacters  Code = "name_characters"  // the name holds a character that is not allowed
	NameLength      Code = "name_length"      // the name is too short or too long
	PasswordLength  Code = "password_length"  // the password is too short or too long
	PasswordContent Code = "password_content" // the password breaks a rule on its content
)

// A value or field of a request.
const (
	BadValue        Code = "bad_value"        // the value does not fit the field
	BadReason       Code = "bad_reason"       // as BadValue, and the message says which rule it breaks
	UnknownField    Code = "unknown_field"    // no such field or parameter
	MissingField    Code = "missing_field"    // a required field is absent
	TwiceField      Code = "twice_field"      // the same field is given twice
	NotSettable     Code = "not_settable"     // the field cannot be set in this operation
	NotPatchable    Code = "not_patchable"    // the field cannot stand in the body of a modification
	NothingToSet    Code = "nothing_to_set"   // a modification that names no field
	ArrayWanted     Code = "array_wanted"     // the field takes an array
	ArrayUnwanted   Code = "array_unwanted"   // the field takes one value
	DuplicateValue  Code = "duplicate_value"  // an array holds the same value twice
	ExclusiveFields Code = "exclusive_fields" // two fields that do not go together
	BadJSON         Code = "bad_json"         // the body is not JSON
	BadBody         Code = "bad_body"         // the body is JSON but not one object
	BodyUnwanted    Code = "body_unwanted"    // a body where none is taken
	TooLarge        Code = "too_large"        // the request is larger than the limit
	BadRequest      Code = "bad_request"      // the request cannot be understood
)

// A query.
const (
	MissingOperand   Code = "missing_operand"   // an operator with nothing behind it
	UnknownSelection Code = "unknown_selection" // an unknown name in fields=, order_by= or query_fields=
	SecretInQuery    Code = "secret_in_query"   // a secret field in the URL
	AllFields        Code = "all_fields"        // fields=* where every field must be named
	NotReadable      Code = "not_readable"      // a field that is never shown, asked for
	NotSortable      Code = "not_sortable"      // order_by on a field without an order
	Braces           Code = "braces"            // unbalanced braces in fields=
	NoFilter         Code = "no_filter"         // a change by query without a query
	FilterOnCreate   Code = "filter_on_create"  // a filter in the URL of a creation
	QueryQuote       Code = "query_quote"       // query= with an unmatched quote
	QueryHalf        Code = "query_half"        // query= without query_fields= or the reverse
	QueryEmpty       Code = "query_empty"       // query= without a pattern
	QueryNoField     Code = "query_no_field"    // query_fields= names no field
	QueryTwice       Code = "query_twice"       // query_fields= names a field twice
	QueryNotRead     Code = "query_not_read"    // query= on something that is not a read
	SlowOrder        Code = "slow_order"        // sorting did not end in time
)

// The service itself.
const (
	NoSuchAPI     Code = "no_such_api"    // the URL names nothing
	BadMethod     Code = "bad_method"     // the URL does not support the method
	TooMany       Code = "too_many"       // the caller must slow down
	Busy          Code = "busy"           // the server is at its limit
	Unavailable   Code = "unavailable"    // the store or the audit log cannot be reached
	Outdated      Code = "outdated"       // the store has been out of reach for so long that what is known of it no longer counts
	Timeout       Code = "timeout"        // the request's time ran out
	RecordFailed  Code = "record_failed"  // one record of a bulk call failed
	RecordsFailed Code = "records_failed" // a bulk call ended with failures
	JobRunning    Code = "job_running"    // the job's results are not there yet
	JobForeign    Code = "job_foreign"    // the job belongs to another endpoint
	Internal      Code = "internal"       // a fault of ours
)

// Codes returns all codes.
func Codes() []Code {
	return []Code{
		Exists, NotFound, Denied, Unauthenticated, InUse, Raced, NoSuchOwner, OwnerMismatch, LastAdmin, NoSuchRole,
		RoleScope, MethodPair, ReservedName, NameCharacters, NameLength, PasswordLength, PasswordContent, BadValue,
		BadReason, UnknownField, MissingField, TwiceField, NotSettable, NotPatchable, NothingToSet, ArrayWanted,
		ArrayUnwanted, DuplicateValue, ExclusiveFields, BadJSON, BadBody, BodyUnwanted, TooLarge, BadRequest,
		MissingOperand, UnknownSelection, SecretInQuery, AllFields, NotReadable, NotSortable, Braces, NoFilter,
		FilterOnCreate, QueryQuote, QueryHalf, QueryEmpty, QueryNoField, QueryTwice, QueryNotRead, SlowOrder,
		NoSuchAPI, BadMethod, TooMany, Busy, Unavailable, Outdated, Timeout, RecordFailed, RecordsFailed, JobRunning,
		JobForeign, Internal,
	}
}
