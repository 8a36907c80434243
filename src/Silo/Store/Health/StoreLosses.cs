using System.Globalization;

namespace Meridian.Silo.Store.Health;

/// <summary>
/// The losses of a region's store: a folder with one text file for each loss and a copy of each damaged record. While a text exists, <c>problem</c> shows it.
/// An operator who has dealt with a loss deletes its text.
/// </summary>
internal sealed class StoreLosses(string directory, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private string? _known;
    private long? _looked;

    public string Directory { get; } = directory;

    /// <summary>Adds a loss.</summary>
    /// <param name="text">Tells operators what is lost.</param>
    /// <param name="record">The damaged record, or empty if the loss is not a single record.</param>
    public void Add(string text, ReadOnlySpan<byte> record = default)
    {
        System.IO.Directory.CreateDirectory(Directory);
        var name = Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyyMMdd-HHmmss}-{Guid.NewGuid():N}"));
        if (!record.IsEmpty)
        {
            using var file = File.Create(name + ".record");
            file.Write(record);
        }

        File.WriteAllText(name + ".txt", text);
        lock (_gate)
        {
            _looked = null;
        }
    }

    /// <summary>All noted losses in one text, or null if there is none. Reads the folder at most once a second.</summary>
    public string? Read()
    {
        lock (_gate)
        {
            if (_looked is { } looked && time.GetElapsedTime(looked) < LookEvery)
            {
                return _known;
            }

            _looked = time.GetTimestamp();
            try
            {
                var texts = System.IO.Directory.Exists(Directory)
                    ? System.IO.Directory.EnumerateFiles(Directory, "*.txt").Order(StringComparer.Ordinal).Select(File.ReadAllText).ToArray()
                    : [];
                _known = texts.Length == 0 ? null : $"{string.Join(' ', texts)} Noted in '{Directory}': delete the notes there when you have dealt with it.";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A file was being changed. The next look sees it.
            }

            return _known;
        }
    }
}
