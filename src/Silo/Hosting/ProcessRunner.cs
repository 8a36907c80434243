using Meridian.Inference.Packages;
using Meridian.Intents;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Processes;
using Microsoft.Extensions.Options;

namespace Meridian.Silo.Hosting;

/// <summary>Runs a host as a process. Returns an exit code, and reports errors of the user or the machine as a sentence instead of a stack trace.</summary>
internal static class ProcessRunner
{
    // The pool otherwise grows by only one thread every half second. With this many, blocking start-up work of one subsystem does not delay the others.
    private const int MinThreads = 16;

    public static async Task<int> RunAsync(Func<IHost> build, CancellationToken cancellationToken)
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, MinThreads), completions);
        StartPhase? phase = null;
        try
        {
            using var host = build();
            phase = host.Services.GetRequiredService<StartPhase>();
            await host.RunAsync(cancellationToken);
            return ExitCode.Ok;
        }
        catch (Exception) when (phase is { IsAbandoned: true })
        {
            // The process was told to stop while it was starting. Errors of its services are expected then.
            return ExitCode.Ok;
        }
        catch (OptionsValidationException e)
        {
            throw new MistakesException([.. e.Failures]);
        }
        catch (AggregateException e) when (e.Flatten().InnerExceptions.OfType<OptionsValidationException>().SelectMany(inner => inner.Failures).ToArray() is { Length: > 0 } failures)
        {
            throw new MistakesException(failures);
        }
        catch (AggregateException e) when (e.Flatten().InnerExceptions.FirstOrDefault(IsRefusal) is { } refusal)
        {
            throw new StartRefusedException(refusal.Message, refusal);
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw new StartRefusedException(e.Message, e);
        }
    }

    private static bool IsRefusal(Exception e) =>
        e is StartRefusedException or ModelPackageException or IntentLogException
        || (e is IOException && e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        || e is System.Net.Sockets.SocketException { SocketErrorCode: System.Net.Sockets.SocketError.AddressAlreadyInUse };
}
