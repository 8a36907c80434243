using Microsoft.Extensions.Options;

namespace Meridian.Inference.Packages.Store;

internal sealed class ModelStoreOptionsValidator : IValidateOptions<ModelStoreOptions>
{
    public ValidateOptionsResult Validate(string? name, ModelStoreOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Root))
            return ValidateOptionsResult.Fail("ModelStoreOptions.Root is empty; give the directory that holds the region's models.");
        if (options.Root.Contains('\0', StringComparison.Ordinal))
            return ValidateOptionsResult.Fail("ModelStoreOptions.Root contains a NUL character; give a directory path.");
        return File.Exists(options.Root)
            ? ValidateOptionsResult.Fail($"ModelStoreOptions.Root '{options.Root}' is a file; give a directory.")
            : ValidateOptionsResult.Success;
    }
}
