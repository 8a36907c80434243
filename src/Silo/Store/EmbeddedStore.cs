using System.Diagnostics;
using System.Net.Sockets;
using Meridian.Silo.Configuration;
using Meridian.Silo.Processes;
using Meridian.Silo.Store.Disk;
using Meridian.Silo.Store.Health;
using Meridian.Silo.Store.Ledger;

namespace Meridian.Silo.Store;

/// <summary>
/// The region's Redis store, running inside this process. It starts before every service that uses it: the host awaits <see cref="StartingAsync"/> of all
/// services before it starts any. It closes after every service that writes to it (<see cref="StoppedAsync"/>).
/// </summary>
/// <remarks>
/// Before Garnet reads the store's files, they are checked against the ledger:
/// <list type="bullet">
/// <item>A file is missing, or bytes before the last writes differ from the written ones: the store does not start, unless the operator accepts the loss.
/// In that case the files are set aside and everything readable is kept.</item>
/// <item>The last writes are damaged: the store starts without them and reports how many are missing. The files are set aside first, because new writes
/// overwrite the damage.</item>
/// <item>Damage lies in stored records that carry their own checksum: the store starts, and each damaged record is set aside when it is read
/// (<see cref="CheckedGrainStorage"/>).</item>
/// </list>
/// </remarks>
internal sealed partial class EmbeddedStore : IHostedLifecycleService, IDisposable
{
    // The files and directories of Garnet and of the ledger.
    private static readonly string[] Parts = [LedgerCheck.LogDirectory, "Store", "ledger"];

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

        // Recovery reads the whole append-only file on the calling thread, so it gets a pool thread.
        await Task.Run(() => Start(password), cancellationToken);
        LogStarted(_region.StorePort, Directory, watch.ElapsedMilliseconds);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.Run(Close, CancellationToken.None);

    public void Dispose() => Close();

    /// <value>The number of writes that wait for room on the disk.</value>
    internal int HeldWrites => _disk?.Held ?? 0;

    private void Start(string password)
    {
        var damage = Check();
        if (damage.Fatal is not null && !_acceptLoss)
        {
            throw Refusal($"{damage.Fatal}.", null);
        }

        // This must happen before new writes overwrite the damage.
        var copy = damage.IsNone ? null : SetAside(move: damage.Incomplete);
        if (damage.Fatal is not null || damage.Ledger is not null)
        {
            RemoveLedger();
        }

        string? missing;
        try
        {
            missing = Recover(password, damage.State, anew: !damage.IsNone);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            CloseServer();
            if (e is SocketException || StoreDisk.IsNoSpace(e))
            {
                throw new StartRefusedException($"The store of region '{_region.Name}' does not start: {e.Message} Nothing of it is damaged; its files in '{Directory}' are as they were.", e);
            }

            if (!_acceptLoss)
            {
                throw Refusal(e.Message, e);
            }

            copy = SetAside(move: true, everything: true);
            RemoveLedger();
            Recover(password, known: null);
            Lose($"The store was started with --accept-store-loss, and nothing could be read of it ({e.Message.TrimEnd('.')}): it began empty.", copy);
            return;
        }

        if (damage.InWords(missing) is { } loss)
        {
            Lose(loss, copy ?? SetAside(move: false));
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

    /// <returns>A text about acknowledged writes that recovery did not find, or null if none is missing.</returns>
    private string? Recover(string password, LedgerState? known, bool anew = false)
    {
        // Garnet adds a trace listener that writes to the console. It is removed below: this process writes through its log only.
        var listeners = Trace.Listeners.Cast<TraceListener>().ToArray();
        var recovery = new RecoveryLog(_loggers);
        try
        {
            var ledger = _ledger = new StoreLedger(LedgerDirectory);
            var server = _server = new StoreServer(GarnetSettings.For(Directory, _region.StorePort, password, _region.Store, new StoreDevices(_disk!, ledger)), recovery);
            ledger.Follow(() => server.CommittedUntil);
            server.Start();
            var recovered = ledger.Recovered();
            ledger.Accept(LedgerCheck.LogOf(Directory), anew);
            return known is null ? recovery.Damage : StoreDamage.Missing(known, recovered);
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

    /// <summary>Records a loss where operators see it.</summary>
    /// <param name="loss">A text that says what is lost.</param>
    /// <param name="copy">The directory that keeps the files as they were found.</param>
    private void Lose(string loss, string copy)
    {
        var text = $"{loss} The files as they were found are kept in '{copy}'.";
        _health.Losses.Add(text);
        LogDamaged(Directory, text);
    }

    /// <summary>Keeps the append-only file, or the whole store, as it was found.</summary>
    /// <param name="move">True: move the files away, so the store starts without them. False: copy them.</param>
    /// <param name="everything">Whether checkpoints and ledger are set aside too.</param>
    /// <returns>The new directory that holds the files.</returns>
    private string SetAside(bool move, bool everything = false)
    {
        var copy = Path.Combine(Directory, $"damaged-{_time.GetUtcNow():yyyyMMdd-HHmmss-fff}");
        System.IO.Directory.CreateDirectory(copy);
        foreach (var name in everything ? Parts : [LedgerCheck.LogDirectory])
        {
            var part = Path.Combine(Directory, name);
            if (!System.IO.Directory.Exists(part) && !File.Exists(part))
            {
                continue;
            }

            if (move)
            {
                System.IO.Directory.Move(part, Path.Combine(copy, name));
                continue;
            }

            foreach (var file in System.IO.Directory.EnumerateFiles(part))
            {
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
            }
        }

        return copy;
    }

    private void RemoveLedger()
    {
        if (System.IO.Directory.Exists(LedgerDirectory))
        {
            System.IO.Directory.Delete(LedgerDirectory, recursive: true);
        }
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
