namespace Meridian.Silo.Store.Disk;

/// <summary>
/// The disk under the embedded store. Problem: when one write of the append-only file fails, Garnet treats it as the end of that file and acknowledges nothing
/// until it is restarted. Therefore Garnet never sees a failed write: the device holds the write and retries it, and Garnet only sees a slow write.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>A reserve file of 1 MiB lies on the disk. The first failed write deletes it. On a full disk, this lets the held write succeed, and the writes of the
/// region's membership table for a long time after it.</item>
/// <item>From then on <see cref="Problem"/> describes the failure, and the region refuses to change its records
/// (<see cref="Meridian.Grains.Storage.IStoreHealth"/>).</item>
/// <item>When there is room again, the held writes succeed first. Then the reserve is created again, and only then is the problem over. No restart is
/// needed.</item>
/// <item>When the process stops while writes are held, these writes fail and Garnet sees the failure. None of them was acknowledged.</item>
/// </list>
/// </remarks>
internal sealed partial class StoreDisk : IDisposable
{
    private const int ReserveBytes = 1 << 20;

    /// <summary>The retry interval of a held write.</summary>
    private static readonly TimeSpan RetryEvery = TimeSpan.FromMilliseconds(250);

    // Unix: ENOSPC and EDQUOT. Windows: ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL.
    private static readonly uint[] NoSpace = OperatingSystem.IsWindows() ? [39, 112] : [28, 122];

    private readonly string _directory;
    private readonly string _reserve;
    private readonly TimeProvider _time;
    private readonly ILogger<StoreDisk> _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private readonly ITimer _watch;
    private Action<string?> _told = static _ => { };
    private volatile string? _problem;
    private int _held;

    public StoreDisk(string directory, TimeProvider time, ILogger<StoreDisk> logger)
    {
        _directory = directory;
        _reserve = Path.Combine(directory, "reserve");
        _time = time;
        _logger = logger;
        _watch = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <value>Why the disk takes no writes, with the path and the remedy; null while writes succeed.</value>
    public string? Problem => _problem;

    /// <value>Whether the store is closing: from then on failed writes are reported to Garnet instead of held.</value>
    public bool IsClosing => _closing.IsCancellationRequested;

    /// <value>The number of failed writes that wait for their next retry.</value>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Creates the reserve. If the disk has no room for it, <see cref="Problem"/> is set from the beginning.</summary>
    /// <param name="told">Called once now with null, and then at every change of <see cref="Problem"/>.</param>
    public void Open(Action<string?> told)
    {
        _told = told;
        told(null);
        if (TryReserve() is { } failure)
        {
            Failed(Code(failure), failure);
        }
    }

    /// <summary>Reports a failed write.</summary>
    /// <param name="code">The operating system's error number.</param>
    /// <param name="failure">The error, or null if only the number is known.</param>
    public void Failed(uint code, Exception? failure)
    {
        lock (_gate)
        {
            if (_problem is not null || IsClosing)
            {
                return;
            }

            try
            {
                File.Delete(_reserve);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The disk takes no changes at all, so the reserve stays.
            }

            var what = NoSpace.Contains(code)
                ? $"no space left on '{_directory}'"
                : $"'{_directory}' cannot be written to ({failure?.Message.TrimEnd('.') ?? $"error {code}"})";
            _problem = $"{what}: the region's store takes no changes. {(NoSpace.Contains(code) ? "Free space there" : "Mend the disk")}; it goes on by itself then, and nothing that it acknowledged is lost.";
            LogProblem(_problem);
            _told(_problem);
            _watch.Change(RetryEvery, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Waits until a held write is due for its retry. Returns at once when the store closes.</summary>
    public async Task HoldAsync()
    {
        Interlocked.Increment(ref _held);
        try
        {
            await Task.Delay(RetryEvery, _time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            Interlocked.Decrement(ref _held);
        }
    }

    /// <summary>The operating system's error number, in the form that devices report.</summary>
    public static uint Code(Exception failure) => (uint)failure.HResult & 0xFFFF;

    /// <summary>Whether a failure means that the disk is full.</summary>
    public static bool IsNoSpace(Exception failure) => failure is IOException && NoSpace.Contains(Code(failure));

    /// <summary>Lets held writes fail, so that Garnet can be closed.</summary>
    public void Close() => _closing.Cancel();

    public void Dispose()
    {
        _closing.Cancel();
        _watch.Dispose();
    }

    private void Look()
    {
        lock (_gate)
        {
            if (IsClosing)
            {
                return;
            }

            // A held write needs the free space more than the reserve does.
            if (Volatile.Read(ref _held) > 0 || TryReserve() is not null)
            {
                _watch.Change(RetryEvery, Timeout.InfiniteTimeSpan);
                return;
            }

            _problem = null;
            LogOver(_directory);
            _told(null);
        }
    }

    /// <returns>Why the reserve could not be made, or null.</returns>
    private IOException? TryReserve()
    {
        if (File.Exists(_reserve))
        {
            return null;
        }

        var draft = _reserve + ".new";
        try
        {
            using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                // The bytes are written, not only the length set: a sparse file reserves nothing.
                var piece = new byte[1 << 16];
                Array.Fill(piece, (byte)0xA5);
                for (var written = 0; written < ReserveBytes; written += piece.Length)
                {
                    file.Write(piece);
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(draft, _reserve, overwrite: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            try
            {
                File.Delete(draft);
            }
            catch (Exception again) when (again is IOException or UnauthorizedAccessException)
            {
                // The next look tries again.
            }

            return e as IOException ?? new IOException(e.Message, e);
        }
    }
}
