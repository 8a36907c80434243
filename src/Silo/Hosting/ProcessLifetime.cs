using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Meridian.Silo.Hosting;

/// <summary>
/// When a process stops: on SIGTERM, on SIGINT (unless a parent handles it: Ctrl-C reaches the whole process group), and, where asked for, when standard input
/// ends, which is how a child learns that its parent is gone. A stop that overruns its time ends the process: half-stopped is worse than stopped.
/// </summary>
internal sealed partial class ProcessLifetime(ProcessLifetimeOptions options, IHostApplicationLifetime application, TimeProvider time, ILogger<ProcessLifetime> logger)
    : IHostLifetime, IDisposable
{
    // Beyond the host's own limit: enough for the host to notice it and finish, no more.
    private static readonly TimeSpan Overrun = TimeSpan.FromSeconds(3);

    private readonly List<PosixSignalRegistration> _signals = [];
    private ITimer? _watchdog;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, options.ExitWithInput ? static context => context.Cancel = true : Stop));
        application.ApplicationStopping.Register(() => _watchdog = time.CreateTimer(_ => End(), null, options.ShutdownTimeout + Overrun, Timeout.InfiniteTimeSpan));
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

    private void Stop(PosixSignalContext context)
    {
        // The second signal is not held up: the system ends the process.
        context.Cancel = !application.ApplicationStopping.IsCancellationRequested;
        application.StopApplication();
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

        application.StopApplication();
    }

    private void End()
    {
        LogOverrun(options.ShutdownTimeout.TotalSeconds);
        Process.GetCurrentProcess().Kill();
    }
}
