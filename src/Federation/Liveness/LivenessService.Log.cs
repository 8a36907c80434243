using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Logging;

namespace Meridian.Federation.Liveness;

internal sealed partial class LivenessService
{
    [LoggerMessage(2201, LogLevel.Information, "Region {Region} is alive (incarnation {Incarnation}, was {Before})")]
    private partial void LogAlive(string region, long incarnation, RegionHealth before);

    [LoggerMessage(2212, LogLevel.Information, "Region {Region} is alive (incarnation {Incarnation})")]
    private partial void LogFirstAlive(string region, long incarnation);

    [LoggerMessage(2213, LogLevel.Information, "Region {Region} is alive again after its stop (incarnation {Incarnation})")]
    private partial void LogBack(string region, long incarnation);

    [LoggerMessage(2214, LogLevel.Information, "Region {Region} has stopped in order, and nobody listens at {Address} any more (incarnation {Incarnation})")]
    private partial void LogStopped(string region, long incarnation, Uri address);

    [LoggerMessage(2202, LogLevel.Warning, "Region {Region} is dead: nobody listens at {Address} (incarnation {Incarnation})")]
    private partial void LogRefused(string region, long incarnation, Uri address);

    [LoggerMessage(2206, LogLevel.Information, "Region {Region} is not up yet: nobody listens at {Address}")]
    private partial void LogNotUp(string region, Uri address);

    [LoggerMessage(2203, LogLevel.Warning, "Region {Region} is {Health}: silent for {SilenceMs:F0} ms (incarnation {Incarnation})")]
    private partial void LogSilent(string region, long incarnation, RegionHealth health, double silenceMs);

    [LoggerMessage(2205, LogLevel.Warning, "Region {Region} stays unknown: at {Address} answers region {Answering}. Correct the address in the configuration")]
    private partial void LogStranger(string region, Uri address, string answering);

    [LoggerMessage(2207, LogLevel.Warning, "The breaker of region {Region} is {State}: too many of the last requests there failed")]
    private partial void LogBreakerOpen(string region, BreakerState state);

    [LoggerMessage(2208, LogLevel.Information, "The breaker of region {Region} is {State}")]
    private partial void LogBreaker(string region, BreakerState state);

    [LoggerMessage(2210, LogLevel.Warning, "The clock of region {Region} is {Seconds:F1} s {Side} this process's. Nothing is routed by it, but times in logs, metrics and certificates are wrong on one of the two: check their time service")]
    private partial void LogClockWrong(string region, double seconds, string side);

    [LoggerMessage(2211, LogLevel.Information, "The clock of region {Region} agrees with this process's again")]
    private partial void LogClockRight(string region);

    [LoggerMessage(2209, LogLevel.Information, "Region {Region} drains: it takes nothing new")]
    private partial void LogDraining(string region);
}
