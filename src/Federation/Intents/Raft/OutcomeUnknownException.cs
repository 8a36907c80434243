namespace Meridian.Federation.Intents.Raft;

/// <summary>An entry was appended, but what became of it was not seen: its leader lost its place, or time ran out.</summary>
internal sealed class OutcomeUnknownException(Exception? innerException) : Exception("The leader lost its place, or time ran out, before the entry was on a majority.", innerException);
