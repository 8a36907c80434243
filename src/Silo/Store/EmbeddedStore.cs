using System.Diagnostics;
using Garnet;
using Meridian.Silo.Configuration;
using Meridian.Silo.Hosting;

namespace Meridian.Silo.Store;

/// <summary>
/// The region's Redis in this process. Started before everything that uses it (the host awaits <see cref="StartingAsync"/> of all services before it starts any),
/// closed after everything that writes to it (<see cref="StoppedAsync"/>).
/// </summary>
internal sealed partial class EmbeddedStore(RegionPlan region, TimeProvider time, ILoggerFactory loggers, ILogger<EmbeddedStore> logger) : IHostedLifecycleService, IDisposable
{
    private DirectoryLock? _lock;
    private GarnetServer? _server;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var directory = Path.Combine(region.Data, "store");
        var watch = Stopwatch.StartNew();
        _lock = DirectoryLock.Take(directory, "store.lock", $"The store of region '{region.Name}'");

        // Recovery reads the whole append-only file on the calling thread.
        await Task.Run(() => Start(directory), cancellationToken);
        LogStarted(region.StorePort, directory, watch.ElapsedMilliseconds);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.Run(Close, CancellationToken.None);

    public void Dispose() => Close();

    private void Start(string directory)
    {
        // Garnet adds a listener that writes its traces to the console; ours goes through the log alone.
        var listeners = Trace.Listeners.Cast<TraceListener>().ToArray();
        var recovery = new RecoveryLog(loggers);
        try
        {
            _server = new GarnetServer(GarnetArguments.For(directory, region.StorePort, region.Store), recovery);
            _server.Start();
            if (recovery.Damage is { } damage)
            {
                // Refusing would be worse: a tail torn by a power cut must not keep a region down. What cannot be read is set aside before new writes go over it.
                LogDamaged(directory, SetAside(directory), damage);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new StartRefusedException(
                $"The store of region '{region.Name}' does not start: {e.Message} Its files are in '{directory}'. "
                + "If they are damaged, put back a backup, or move the directory away: the region then starts without the state it kept there (what was asked for by operators, such as numbers of replicas).",
                e);
        }
        finally
        {
            foreach (var added in Trace.Listeners.Cast<TraceListener>().Except(listeners).ToArray())
            {
                Trace.Listeners.Remove(added);
            }
        }
    }

    /// <returns>Directory with the append-only file as it was found.</returns>
    private string SetAside(string directory)
    {
        var copy = Path.Combine(directory, $"damaged-{time.GetUtcNow():yyyyMMdd-HHmmss}");
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(directory, "AOF")))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
        }

        return copy;
    }

    private void Close()
    {
        Interlocked.Exchange(ref _server, null)?.Dispose(deleteDir: false);
        Interlocked.Exchange(ref _lock, null)?.Dispose();
    }
}
