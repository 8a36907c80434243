using System.Diagnostics;
using Meridian.Silo.Configuration;
using Meridian.Silo.Hosting;
using Meridian.Silo.Store.Disk;
using Meridian.Silo.Store.Health;
using Meridian.Silo.Store.Ledger;

namespace Meridian.Silo.Store;

/// <summary>
/// The region's Redis in this process. Started before everything that uses it (the host awaits <see cref="StartingAsync"/> of all services before it starts any),
/// closed after everything that writes to it (<see cref="StoppedAsync"/>).
/// </summary>
/// <remarks>
/// What its files must still hold is checked against the ledger before Garnet reads them:
/// <list type="bullet">
/// <item>A file is missing, or bytes before the last writes are not what was written: it does not start, unless the operator accepts the loss. Then the files are set aside and what can be read is kept.</item>
/// <item>The last writes are damaged: it starts without them and says how many are missing. The files are set aside first: new writes go over the damage.</item>
/// <item>Stored records are damaged that carry their own checksum: it starts, and each is set aside when it is read (<see cref="CheckedGrainStorage"/>).</item>
/// </list>
/// </remarks>
internal sealed partial class EmbeddedStore : IHostedLifecycleService, IDisposable
{
    // What Garnet and the ledger keep.
    private static readonly string[] Parts = ["AOF", "Store", "ledger"];

    private readonly RegionPlan _region;
    private readonly bool _acceptLoss;
    private readonly StoreHealth _health;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<EmbeddedStore> _logger;
    private DirectoryLock? _lock;
    private StoreDisk? _disk;
    private StoreLedger? _ledger;
    private StoreServer? _server;

    public EmbeddedStore(RegionPlan region, MeridianOptions options, StoreHealth health, TimeProvider time, ILoggerFactory loggers, ILogger<EmbeddedStore> logger)
    {
        (_region, _acceptLoss, _health, _time, _loggers, _logger) = (region, options.Process.AcceptStoreLoss, health, time, loggers, logger);
    }

    private string Directory => _region.StoreDirectory;

    private string LedgerDirectory => Path.Combine(Directory, "ledger");

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        _lock = DirectoryLock.Take(Directory, "store.lock", $"The store of region '{_region.Name}'");
        var password = StorePassword.ReadOrCreate(_region.StorePasswordFile!);
        _disk = new StoreDisk(Directory, _time, _loggers.CreateLogger<StoreDisk>());
        _disk.Open(_health.Notice.Write);

        // Recovery reads the whole append-only file on the calling thread.
        await Task.Run(() => Start(password), cancellationToken);
        LogStarted(_region.StorePort, Directory, watch.ElapsedMilliseconds);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.Run(Close, CancellationToken.None);

    public void Dispose() => Close();

    private void Start(string password)
    {
        var damage = Check();
        if (damage.Fatal is { } fatal)
        {
            if (!_acceptLoss)
            {
                throw Refusal($"{fatal}.", null);
            }

            Lose($"The store was started with --accept-store-loss: {fatal}. What could be read of it was kept.");
            System.IO.Directory.Delete(LedgerDirectory, recursive: true);
        }
        else if (damage.Records is { } records)
        {
            Lose($"Stored records are damaged ({records}). Each is set aside when it is read.");
        }

        if (damage.Ledger is { } ledger)
        {
            LogLedger(ledger);
            System.IO.Directory.Delete(LedgerDirectory, recursive: true);
        }

        try
        {
            Recover(password, damage.Tail);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            CloseServer();
            if (!_acceptLoss)
            {
                throw Refusal(e.Message, e);
            }

            Lose($"The store was started with --accept-store-loss, and nothing could be read of it ({e.Message}): it began empty.", move: true);
            Recover(password, tail: false);
        }
    }

    private StoreDamage Check()
    {
        try
        {
            return LedgerCheck.Check(Directory, LedgerDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refusal(e.Message, e);
        }
    }

    private void Recover(string password, bool tail)
    {
        // Garnet adds a listener that writes its traces to the console; ours goes through the log alone.
        var listeners = Trace.Listeners.Cast<TraceListener>().ToArray();
        var recovery = new RecoveryLog(_loggers);
        try
        {
            var ledger = _ledger = new StoreLedger(LedgerDirectory);
            var server = _server = new StoreServer(GarnetSettings.For(Directory, _region.StorePort, password, _region.Store, new StoreDevices(_disk!, ledger)), recovery);
            ledger.Follow(() => server.CommittedUntil);
            if (tail)
            {
                // Before new writes go over it.
                SetAside(move: false);
            }

            server.Start();
            var missing = StoreDamage.Missing(ledger.Found, ledger.Recovered());
            if (missing is not null || (recovery.Damage is not null && ledger.Found is null))
            {
                // Refusing would be worse: a tail torn by a power cut must not keep a region down.
                Lose($"The store's append-only file cannot be read to its end. {missing ?? recovery.Damage}", aside: !tail);
            }
            else if (tail)
            {
                Lose("The last records of the store's append-only file are damaged. Each is set aside when it is read.", aside: false);
            }

            ledger.Accept();
        }
        finally
        {
            foreach (var added in Trace.Listeners.Cast<TraceListener>().Except(listeners).ToArray())
            {
                Trace.Listeners.Remove(added);
            }
        }
    }

    private StartRefusedException Refusal(string damage, Exception? exception) => new(
        $"The store of region '{_region.Name}' does not start: {damage} Its files are in '{Directory}'. "
        + "If they are damaged, put back a backup; or start the region once with --accept-store-loss: it goes on with what can be read, keeps the files as they are beside it, and says what is lost. "
        + "The store keeps what operators asked of the region: numbers of replicas with their history, sticky drains.",
        exception!);

    /// <summary>Notes a loss, where operators see it, and keeps the files as they were found.</summary>
    private void Lose(string loss, bool aside = true, bool move = false)
    {
        var copy = aside || move ? $" The files as they were found are kept in '{SetAside(move)}'." : "";
        _health.Losses.Add(loss + copy);
        LogDamaged(Directory, loss + copy);
    }

    /// <returns>Directory with the append-only file, or with everything, as it was found.</returns>
    private string SetAside(bool move)
    {
        var copy = Path.Combine(Directory, $"damaged-{_time.GetUtcNow():yyyyMMdd-HHmmss-fff}");
        System.IO.Directory.CreateDirectory(copy);
        foreach (var part in Parts.Select(part => Path.Combine(Directory, part)))
        {
            var name = Path.GetFileName(part);
            if (move && System.IO.Directory.Exists(part))
            {
                System.IO.Directory.Move(part, Path.Combine(copy, name));
            }
            else if (move && File.Exists(part))
            {
                File.Move(part, Path.Combine(copy, name));
            }
            else if (!move && name == "AOF" && System.IO.Directory.Exists(part))
            {
                foreach (var file in System.IO.Directory.EnumerateFiles(part))
                {
                    File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
                }
            }
        }

        return copy;
    }

    private void CloseServer()
    {
        Interlocked.Exchange(ref _server, null)?.Dispose(deleteDir: false);
        Interlocked.Exchange(ref _ledger, null)?.Dispose();
    }

    private void Close()
    {
        _disk?.Close();
        CloseServer();
        Interlocked.Exchange(ref _disk, null)?.Dispose();
        Interlocked.Exchange(ref _lock, null)?.Dispose();
    }
}
