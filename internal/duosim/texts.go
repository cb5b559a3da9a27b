package duosim

// Texts for the person who logs in. Where Duo's own wording is publicly known
// it is the same, since clients' logs and tests look for it; the rest is worded
// by choice.
const (
	textActive    = "Account is active"
	textSuccess   = "Success. Logging you in..."
	textPushed    = "Pushed a login request to your device..."
	textVerify    = "Please enter verification code %s into Duo Mobile..."
	textUnsent    = "The login request did not reach your device. Open Duo Mobile to fetch it."
	textDialing   = "Dialing %s..."
	textAnswered  = "Answered. Press '#' on your phone to log in."
	textSMS       = "New SMS passcodes sent."
	textDenied    = "Login request denied."
	textFraud     = "Login request reported as fraudulent."
	textTimeout   = "Login timed out."
	textWrongCode = "Incorrect passcode. Please try again."
	textUsedCode  = "This passcode has already been used. Please generate a new passcode and try again."
	textNoOption  = "This option is not available. Please try again."
	textLocked    = "Your account has been locked out. Please contact your administrator."
	textDisabled  = "Your account is disabled and cannot access this application. Please contact your administrator."
	textUnknown   = "Your account is not permitted to access this application."
	textBypass    = "Second factor not required. Logging you in..."
	textEnroll    = "Please enroll at %s"
	textMustEnrol = "Enroll an authentication device to proceed"
	textWithdrawn = "The login request was withdrawn."
	textWaiting   = "Still waiting..."
	textBadVerify = "Incorrect verification code."
)
