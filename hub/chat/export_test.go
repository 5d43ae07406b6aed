package chat

// OpCount is how many Ops there are: tables in the tests are held against it.
const OpCount = int(opCount)
