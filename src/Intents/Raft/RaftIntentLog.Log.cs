using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Raft;

public sealed partial class RaftIntentLog
{
    [LoggerMessage(2501, LogLevel.Information, "Intent log in {Directory} is open as {Phase}, generation {Generation}, applied up to {Index}")]
    private partial void LogOpened(string directory, MemberPhase phase, int generation, long index);

    [LoggerMessage(2502, LogLevel.Information, "Founded intent log {Id} with {Voters}")]
    private partial void LogFounded(Guid id, string voters);

    [LoggerMessage(2503, LogLevel.Information, "Let into the intent log of generation {Generation}, caught up to {Index}: votes from now on")]
    private partial void LogJoined(int generation, long index);

    [LoggerMessage(2504, LogLevel.Error, "The intent log in {Directory} failed; nothing is acknowledged until it can be opened again")]
    private partial void LogFailed(string directory, Exception exception);

    [LoggerMessage(2505, LogLevel.Warning, "A snapshot could not be written to {Directory}; the log keeps growing until one can")]
    private partial void LogUnsaved(string directory, Exception exception);

    [LoggerMessage(2506, LogLevel.Warning, "Member {Peer} answers but stays at {Index} of {Target}: this leader resigns so that another begins with it anew")]
    private partial void LogStuck(string peer, long index, long target);

    [LoggerMessage(2507, LogLevel.Warning, "A step of the intent log failed and is tried again")]
    private partial void LogStepFailed(Exception exception);

    [LoggerMessage(2508, LogLevel.Warning, "The intent log takes no changes here: {Problem}")]
    private partial void LogProblem(string problem);

    [LoggerMessage(2509, LogLevel.Information, "The intent log works again")]
    private partial void LogWorksAgain();

    [LoggerMessage(2510, LogLevel.Information, "The voter of the intent log moved from {From} to {To}")]
    private partial void LogMoved(string from, string to);
}
