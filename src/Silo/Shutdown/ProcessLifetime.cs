using System.Diagnostics;
using System.Runtime.InteropServices;
using Meridian.Silo.Processes;
using Microsoft.Extensions.Options;

namespace Meridian.Silo.Shutdown;

/// <summary>
/// Decides when a process stops. Triggers: SIGTERM; SIGINT, unless a parent handles it (Ctrl-C reaches the whole process group); and, if the option is set, the
/// end of standard input, which tells a child that its parent has ended. A process that has started runs its shutdown steps first
/// (<see cref="IShutdownStep"/>), while everything still works, and then stops. Both share the shutdown timeout. A process that exceeds it is killed:
/// half-stopped is worse than stopped.
/// A process that is still starting runs no steps: its start is cancelled, and it is ended if that takes longer than <see cref="AbandonedStart"/>.
/// </summary>
internal sealed partial class ProcessLifetime(
    ProcessLifetimeOptions options, IHostApplicationLifetime application, IServiceProvider services, IOptions<HostOptions> host, StartPhase phase, TimeProvider time,
    ILogger<ProcessLifetime> logger)
    : IHostLifetime, IDisposable
{
    // Added to the host's own timeout, so the host has just enough time to notice it and finish.
    private static readonly TimeSpan Overrun = TimeSpan.FromSeconds(3);

    // Not every service looks at the cancellation token while it starts, and nobody needs the result of its start.
    private static readonly TimeSpan AbandonedStart = TimeSpan.FromSeconds(2);

    // The least time that the host gets to stop its services, even if the shutdown steps took long.
    private static readonly TimeSpan LeastStop = TimeSpan.FromSeconds(1);

    private readonly List<PosixSignalRegistration> _signals = [];
    private ITimer? _watchdog;
    private int _stopping;

    // Dispose leaves these timers alone: the shutdown may hang while the host is being disposed.
    private ITimer? _abandoned;
    private ITimer? _killer;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, options.ExitWithInput ? static context => context.Cancel = true : OnSignal));
        application.ApplicationStopping.Register(() => Watch());
        if (options.ExitWithInput)
        {
            // A dedicated thread: reading the input blocks for the life of the process and must not occupy a pool thread.
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
        // The second signal is not cancelled, so the system ends the process.
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
            // An error counts as the end of the input.
        }

        Stop();
        DevStateFile.DeleteOrphaned(options.Data);
    }

    /// <summary>Begins the shutdown. Returns false if the process is already stopping.</summary>
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
                // Resolved here and not in the constructor: the steps depend on services that depend on this lifetime.
                await Task.WhenAll(services.GetServices<IShutdownStep>().Select(step => step.LeaveAsync(application.ApplicationStopping)));
            }
            catch (Exception e)
            {
                LogStepFailed(e);
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
        // The start completed after all. The process stops in the usual way, limited by the watchdog.
        if (application.ApplicationStarted.IsCancellationRequested)
        {
            return;
        }

        // The exit code is 0 because the stop was requested. If the exit hangs for a second, the process is killed.
        _killer = time.CreateTimer(static _ => Process.GetCurrentProcess().Kill(), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        Environment.Exit(ExitCode.Ok);
    }

    private void End()
    {
        LogOverrun(options.ShutdownTimeout.TotalSeconds);
        Process.GetCurrentProcess().Kill();
    }
}
