namespace Meridian.Silo.Store.Disk;

/// <summary>
/// The disk under the embedded store. Garnet takes one failed write of its append-only file for the end of that file: it acknowledges nothing until it is started again.
/// So a write that fails never reaches it: the device holds the write, tries it again, and Garnet only sees it take long.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>A reserve of 1 MiB lies on the disk. The first write that finds no space gives it up: the write goes through, and so do those of the region's membership for a long time.</item>
/// <item>From then on <see cref="Problem"/> says what is wrong, and the region refuses to change its records (<see cref="Meridian.Grains.Storage.IStoreHealth"/>).</item>
/// <item>Room again: held writes go through first, then the reserve is made again, and only then the problem is over. Nobody has to restart anything.</item>
/// <item>The process stops while writes are held: they fail, which they are told now. None of them was acknowledged.</item>
/// </list>
/// </remarks>
internal sealed partial class StoreDisk : IDisposable
{
    private const int ReserveBytes = 1 << 20;

    /// <summary>How often a held write is tried again.</summary>
    private static readonly TimeSpan RetryEvery = TimeSpan.FromMilliseconds(250);

    // ENOSPC and EDQUOT; ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL.
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

    /// <value>Why nothing can be written, with the path and the remedy; null while the disk takes writes.</value>
    public string? Problem => _problem;

    /// <value>Whether failed writes are handed on rather than held.</value>
    public bool IsClosing => _closing.IsCancellationRequested;

    /// <value>Writes that wait for room.</value>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Makes the reserve. A disk without room for it is a problem from the beginning.</summary>
    /// <param name="told">Called at every change of <see cref="Problem"/>.</param>
    public void Open(Action<string?> told)
    {
        _told = told;
        told(null);
        if (TryReserve() is { } failure)
        {
            Failed(Code(failure), failure);
        }
    }

    /// <summary>Tells of a write that failed.</summary>
    /// <param name="code">The system's number of the error.</param>
    /// <param name="failure">The error, where it is known.</param>
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
                // The disk takes no changes at all: the reserve stays.
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

    /// <summary>Waits until a held write is to be tried again; at once where the store closes.</summary>
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

    /// <summary>The system's number of an error, as devices give it.</summary>
    public static uint Code(Exception failure) => (uint)failure.HResult & 0xFFFF;

    /// <summary>Whether a failure says that there is no room.</summary>
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

            // A held write needs the room more than the reserve does.
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
                // Written, not only sized: a file of holes reserves nothing.
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
                // Tried again with the next look.
            }

            return e as IOException ?? new IOException(e.Message, e);
        }
    }
}
