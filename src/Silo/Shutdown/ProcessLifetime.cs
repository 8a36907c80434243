using System.Diagnostics;
using System.Runtime.InteropServices;
using Meridian.Silo.Processes;
using Microsoft.Extensions.Options;

namespace Meridian.Silo.Shutdown;

/// <summary>
/// When a process stops: on SIGTERM, on SIGINT (unless a parent handles it: Ctrl-C reaches the whole process group), and, where asked for, when standard input
/// ends, which is how a child learns that its parent is gone. A process that had started leaves first (<see cref="IDeparture"/>), with everything in it still working, and then stops; both
/// share the time of a stop. One that overruns it is ended: half-stopped is worse than stopped. A process that is still starting has nothing to leave: its start is abandoned, and it is
/// ended where that takes longer than <see cref="AbandonedStart"/>.
/// </summary>
internal sealed partial class ProcessLifetime(
    ProcessLifetimeOptions options, IHostApplicationLifetime application, IServiceProvider services, IOptions<HostOptions> host, StartPhase phase, TimeProvider time,
    ILogger<ProcessLifetime> logger)
    : IHostLifetime, IDisposable
{
    // Beyond the host's own limit: enough for the host to notice it and finish, no more.
    private static readonly TimeSpan Overrun = TimeSpan.FromSeconds(3);

    // Services that are starting do not all look at the token, and nobody waits for what they would do.
    private static readonly TimeSpan AbandonedStart = TimeSpan.FromSeconds(2);

    // What the host has for its services at least, however long the departure took.
    private static readonly TimeSpan LeastStop = TimeSpan.FromSeconds(1);

    private readonly List<PosixSignalRegistration> _signals = [];
    private ITimer? _watchdog;
    private int _stopping;

    // Not disposed of with the rest: the host that is disposed of may be what hangs.
    private ITimer? _abandoned;
    private ITimer? _killer;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, options.ExitWithInput ? static context => context.Cancel = true : OnSignal));
        application.ApplicationStopping.Register(() => Watch());
        if (options.ExitWithInput)
        {
            // A thread of its own: a read of the input blocks for the life of the process and must not hold one of the pool's.
            new Thread(StopWithInput) { IsBackground = true, Name = "parent watch" }.Start();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }

        _watchdog?.Dispose();
    }


    private void OnSignal(PosixSignalContext context)
    {
        // The second signal is not held up: the system ends the process.
        context.Cancel = Stop();
    }

    private void StopWithInput()
    {
        using var input = Console.OpenStandardInput();
        Span<byte> ignored = stackalloc byte[64];
        try
        {
            while (input.Read(ignored) > 0)
            {
            }
        }
        catch (IOException)
        {
            // As good as an end.
        }

        Stop();
        DevStateFile.DeleteOrphaned(options.Data);
    }

    /// <summary>False where it is stopping already.</summary>
    private bool Stop()
    {
        if (Interlocked.Exchange(ref _stopping, 1) != 0 || application.ApplicationStopping.IsCancellationRequested)
        {
            return false;
        }

        if (!application.ApplicationStarted.IsCancellationRequested)
        {
            phase.Abandon();
            _abandoned = time.CreateTimer(_ => EndAbandoned(), null, AbandonedStart, Timeout.InfiniteTimeSpan);
        }

        Watch();
        _ = Task.Run(LeaveAndStopAsync);
        return true;
    }

    private async Task LeaveAndStopAsync()
    {
        var started = time.GetTimestamp();
        if (application.ApplicationStarted.IsCancellationRequested)
        {
            try
            {
                // Asked for here: they need what this lifetime is part of.
                await Task.WhenAll(services.GetServices<IDeparture>().Select(departure => departure.LeaveAsync(application.ApplicationStopping)));
            }
            catch (Exception e)
            {
                LogDeparture(e);
            }
        }

        var left = options.ShutdownTimeout - time.GetElapsedTime(started);
        host.Value.ShutdownTimeout = left > LeastStop ? left : LeastStop;
        application.StopApplication();
    }

    private void Watch()
    {
        var watchdog = time.CreateTimer(_ => End(), null, options.ShutdownTimeout + Overrun, Timeout.InfiniteTimeSpan);
        if (Interlocked.CompareExchange(ref _watchdog, watchdog, null) is not null)
        {
            watchdog.Dispose();
        }
    }

    private void EndAbandoned()
    {
        // It had started after all: it leaves in the usual way, which the watchdog bounds.
        if (application.ApplicationStarted.IsCancellationRequested)
        {
            return;
        }

        // An exit with code 0, if it comes to one: whoever asked for the stop is told that it was made.
        _killer = time.CreateTimer(static _ => Process.GetCurrentProcess().Kill(), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        Environment.Exit(ExitCode.Ok);
    }

    private void End()
    {
        LogOverrun(options.ShutdownTimeout.TotalSeconds);
        Process.GetCurrentProcess().Kill();
    }
}
