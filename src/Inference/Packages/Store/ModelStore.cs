using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Inference.Packages.Store;

/// <summary>
/// Stores model packages in a directory, <c>ROOT/name/version/variant/</c>.
/// </summary>
/// <remarks>
/// A package appears complete or not at all. An installation takes the model's <see cref="InstallLock"/> and lets the source write into
/// <c>ROOT/name/.installing-*</c>. It then reads the files back to verify them, flushes them and renames the directory. Special cases:
/// <list type="bullet">
/// <item>Two processes install the same model. The second waits for the lock and then finds the model installed.</item>
/// <item>The process dies before the rename. The directory stays. The next installation of that model removes it; it holds the lock, so it knows that the
/// process is gone.</item>
/// <item>The process dies after the rename. Everything that the rename published was flushed before it.</item>
/// <item>The disk is full. The temporary directory is removed, and the exception says how much space is free.</item>
/// <item>The file system has no locks. Both processes write. The second rename fails because the directory exists, and that process uses the existing
/// package.</item>
/// </list>
/// Files are verified again whenever they are loaded, see <see cref="ModelPackage.ReadFile"/>.
/// </remarks>
public sealed partial class ModelStore : IModelStore
{
    private const string TemporaryPrefix = ".installing-";
    private readonly string _root;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelStore> _logger;

    public ModelStore(IOptions<ModelStoreOptions> options, TimeProvider time, ILogger<ModelStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _root = Path.GetFullPath(options.Value.Root);
        _time = time;
        _logger = logger;
    }

    /// <inheritdoc />
    public ModelPackage Open(string name, string? version = null, string? variant = null)
    {
        if (!ModelManifestRules.IsName(name) || (version is not null && !ModelManifestRules.IsVersion(version))
            || (variant is not null && !ModelManifestRules.IsName(variant)))
        {
            throw new ModelPackageException(
                $"{name}/{version}/{variant}",
                $"'{name}', version '{version}', variant '{variant}' cannot name a model: letters, digits, '.', '_', '-' (in versions '@' and '+' too), starting with a letter or digit.");
        }

        return Find(name, version, variant)
            ?? throw new ModelPackageException(
                name,
                $"Model '{name}'{(version is null ? "" : $" version '{version}'")}{(variant is null ? "" : $" variant '{variant}'")} is not installed in '{_root}'; installed are {Installed(name)}.");
    }

    /// <inheritdoc />
    public bool Has(string name, string version, string variant) => Candidates(name).Any(c => c.Version == version && c.Variant == variant);

    /// <summary>The installed packages, by name, version and variant. A damaged one is left out.</summary>
    public IEnumerable<ModelPackage> List()
    {
        foreach (var folder in Folders(_root).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(folder);
            foreach (var candidate in Candidates(name).OrderBy(static c => c.Directory, StringComparer.Ordinal))
            {
                ModelPackage package;
                try
                {
                    package = Read(candidate.Directory, name, candidate.Version, candidate.Variant);
                }
                catch (ModelPackageException)
                {
                    continue;
                }

                yield return package;
            }
        }
    }

    /// <inheritdoc />
    public async Task<ModelPackage> InstallAsync(IModelSource source, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!ModelManifestRules.IsName(source.Name))
            throw new ModelPackageException(source.Name, $"'{source.Name}' cannot name a model: letters, digits, '.', '_', '-', starting with a letter or digit.");
        cancellationToken.ThrowIfCancellationRequested();
        if (Known(source) is { } present)
            return present;

        try
        {
            using var installLock = await InstallLock.AcquireAsync(Path.Combine(_root, ".locks", source.Name + ".lock"), _time, cancellationToken).ConfigureAwait(false);
            if (Known(source) is { } installedMeanwhile)
                return installedMeanwhile;
            RemoveLeftovers(source.Name);
            return await WriteAsync(source, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackageException(
                source.Name,
                $"Model '{source.Name}' could not be installed into '{_root}' ({FreeSpace()}): {e.Message.TrimEnd('.')}. Nothing was left there; free space or rights, or set ModelStoreOptions.Root to another directory.",
                e);
        }
    }

    private ModelPackage? Known(IModelSource source) => source.KnownVersion is { } version ? Find(source.Name, version, null) : null;

    private async Task<ModelPackage> WriteAsync(IModelSource source, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        var parent = Path.Combine(_root, source.Name);
        var temporary = Path.Combine(parent, TemporaryPrefix + Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(temporary);
        try
        {
            var manifest = await source.WriteAsync(temporary, cancellationToken).ConfigureAwait(false);
            await VerifyAsync(source, manifest, temporary, cancellationToken).ConfigureAwait(false);
            Flush(manifest, temporary);

            var version = Path.Combine(parent, manifest.Version);
            var target = Path.Combine(version, manifest.Variant);
            Directory.CreateDirectory(version);
            try
            {
                Directory.Move(temporary, target);
            }
            catch (IOException) when (Directory.Exists(target))
            {
                // The version contains a digest of the content, so the existing package has the same bytes. If it does not, loading it reports that.
                return Read(target, source.Name, manifest.Version, manifest.Variant);
            }

            DurableFiles.FlushDirectory(version);
            DurableFiles.FlushDirectory(parent);
            DurableFiles.FlushDirectory(_root);
            Log.Installed(_logger, manifest.Id, manifest.Files.Sum(f => f.Size), target, _time.GetElapsedTime(started).TotalMilliseconds);
            return new ModelPackage(target, manifest);
        }
        finally
        {
            Remove(temporary);
        }
    }

    private static async Task VerifyAsync(IModelSource source, ModelManifest manifest, string directory, CancellationToken cancellationToken)
    {
        var mistakes = ModelManifestRules.Check(manifest).ToList();
        if (manifest.Name != source.Name)
            mistakes.Add($"name '{manifest.Name}' differs from the source's '{source.Name}'.");
        if (source.KnownVersion is { } known && manifest.Version != known)
            mistakes.Add($"version '{manifest.Version}' differs from the one that the source announced, '{known}'.");
        if (mistakes.Count == 0)
        {
            foreach (var path in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
            {
                var relative = Path.GetRelativePath(directory, path).Replace(Path.DirectorySeparatorChar, '/');
                if (!manifest.Files.Any(f => f.Path == relative))
                    mistakes.Add($"'{relative}' was written but is not among files.");
            }

            foreach (var file in manifest.Files)
            {
                if (!File.Exists(Path.Combine(directory, file.Path)))
                {
                    mistakes.Add($"'{file.Path}' is among files but was not written.");
                    continue;
                }

                var found = await ContentDigest.DescribeAsync(directory, file.Path, cancellationToken).ConfigureAwait(false);
                if (found != file)
                    mistakes.Add($"'{file.Path}' arrived with {found.Size} bytes and SHA-256 {found.Sha256}; announced were {file.Size} bytes and {file.Sha256}.");
            }
        }

        if (mistakes.Count > 0)
        {
            throw new ModelPackageException(
                source.Name, $"The source of model '{source.Name}' wrote a package that is not sound: {string.Join(" ", mistakes)} Nothing was installed; repair the source.");
        }
    }

    private static void Flush(ModelManifest manifest, string directory)
    {
        var path = Path.Combine(directory, ModelManifestRules.FileName);
        using (var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(stream, manifest, ModelManifestJson.Default.ModelManifest);
            stream.WriteByte((byte)'\n');
            stream.Flush(flushToDisk: true);
        }

        foreach (var file in manifest.Files)
            DurableFiles.FlushFile(Path.Combine(directory, file.Path));
        foreach (var folder in Directory.EnumerateDirectories(directory, "*", SearchOption.AllDirectories))
            DurableFiles.FlushDirectory(folder);
        DurableFiles.FlushDirectory(directory);
    }

    /// <summary>Finds the package. If several match, takes the one that was installed last. Null if none matches.</summary>
    private ModelPackage? Find(string name, string? version, string? variant)
    {
        (string Directory, string Version, string Variant, DateTime At)? newest = null;
        foreach (var candidate in Candidates(name))
        {
            if ((version is not null && candidate.Version != version) || (variant is not null && candidate.Variant != variant))
                continue;
            if (newest is not { } best || candidate.At > best.At || (candidate.At == best.At && string.CompareOrdinal(candidate.Directory, best.Directory) > 0))
                newest = candidate;
        }

        return newest is { } found ? Read(found.Directory, name, found.Version, found.Variant) : null;
    }

    private IEnumerable<(string Directory, string Version, string Variant, DateTime At)> Candidates(string name)
    {
        foreach (var version in Folders(Path.Combine(_root, name)))
        {
            foreach (var variant in Folders(version))
            {
                var manifest = new FileInfo(Path.Combine(variant, ModelManifestRules.FileName));
                yield return (variant, Path.GetFileName(version), Path.GetFileName(variant), manifest.Exists ? manifest.LastWriteTimeUtc : DateTime.MinValue);
            }
        }
    }

    private static IEnumerable<string> Folders(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateDirectories(directory).Where(d => Path.GetFileName(d)[0] != '.') : [];

    private static ModelPackage Read(string directory, string name, string version, string variant)
    {
        var path = Path.Combine(directory, ModelManifestRules.FileName);
        var remedy = ModelPackage.RemedyFor(directory);
        ModelManifest? manifest;
        try
        {
            using var stream = FolderFiles.Open(directory, ModelManifestRules.FileName);
            manifest = JsonSerializer.Deserialize(stream, ModelManifestJson.Default.ModelManifest);
        }
        catch (JsonException e)
        {
            throw new ModelPackageException(path, $"Manifest '{path}' is not readable: {e.Message} {remedy}", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelPackageException(path, $"Manifest '{path}' is missing. {remedy}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelPackageException(path, $"Manifest '{path}' cannot be read: {e.Message} Check the disk and the file's permissions.", e);
        }

        if (manifest is null)
            throw new ModelPackageException(path, $"Manifest '{path}' says null. {remedy}");
        var mistakes = ModelManifestRules.Check(manifest).ToList();
        Same("name", manifest.Name, name);
        Same("version", manifest.Version, version);
        Same("variant", manifest.Variant, variant);
        return mistakes.Count == 0
            ? new ModelPackage(directory, manifest)
            : throw new ModelPackageException(path, $"Manifest '{path}' has {mistakes.Count} mistake(s): {string.Join(" ", mistakes)} {remedy}");

        void Same(string field, string value, string folder)
        {
            if (value != folder)
                mistakes.Add($"{field} '{value}' differs from its directory '{folder}'.");
        }
    }

    private string Installed(string name)
    {
        var installed = Candidates(name).Select(c => $"'{name}/{c.Version}/{c.Variant}'").Order(StringComparer.Ordinal).ToArray();
        if (installed.Length == 0)
            installed = Folders(_root).Select(d => $"'{Path.GetFileName(d)}'").Order(StringComparer.Ordinal).ToArray();
        return installed.Length == 0 ? "no models" : string.Join(", ", installed);
    }

    private void RemoveLeftovers(string name)
    {
        var parent = Path.Combine(_root, name);
        if (!Directory.Exists(parent))
            return;
        foreach (var leftover in Directory.GetDirectories(parent, TemporaryPrefix + "*"))
        {
            if (Remove(leftover))
                Log.LeftoverRemoved(_logger, leftover);
        }
    }

    private bool Remove(string directory)
    {
        if (!Directory.Exists(directory))
            return false;
        try
        {
            Directory.Delete(directory, recursive: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // This failure must not hide the failure that left the directory behind.
            Log.LeftoverStays(_logger, directory, e);
            return false;
        }
    }

    private string FreeSpace()
    {
        try
        {
            return $"{new DriveInfo(_root).AvailableFreeSpace / (1 << 20)} MiB free";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "free space unknown";
        }
    }
}
