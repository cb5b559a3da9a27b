package sshd

import "github.com/duoplane/duoplane/internal/enforce"

// why is the line a person reads when the second factor has refused them. The
// words beside it are Duo's.
func why(d enforce.Decision) string {
	switch d.Reason {
	case enforce.DuoDenied:
		return "Access denied: Duo does not let this user in."
	case enforce.EnrollFirst:
		return "Access denied: enroll a device with Duo first, then log in again."
	case enforce.PersonRefused:
		return "Access denied: the login request was denied."
	case enforce.Fraud:
		return "Access denied: the login request was reported as fraudulent."
	case enforce.LockedOut:
		return "Access denied: Duo has locked this user out."
	case enforce.TimedOut, enforce.DeadlinePassed:
		return "Access denied: the login was not approved in time."
	case enforce.WrongPasscode:
		return "Access denied: the passcode is not right."
	case enforce.CodesSent:
		return "Access denied: the passcodes are on their way; log in again and give one."
	case enforce.NoFactor:
		return "Access denied: there is no device for a second factor."
	case enforce.NoAnswer:
		return "Access denied: the second factor was not given."
	case enforce.PushFailed:
		return "Access denied: the login request could not be delivered."
	case enforce.PolicyOutdated:
		return "Access denied: this server has not reached its configuration store for too long; tell its administrator."
	case enforce.PolicyUnknown, enforce.ProfileUnfit, enforce.NotRecorded:
		return "Access denied: this server cannot check the second factor at present; tell its administrator."
	default: // what a call to Duo ended with
		return "Access denied: Duo cannot be asked for the second factor at present."
	}
}
