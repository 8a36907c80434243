namespace Meridian.Inference.Packages.Store;

/// <summary>Where a region keeps its models.</summary>
public sealed class ModelStoreOptions
{
    /// <value>Directory of the packages, <c>ROOT/name/version/variant/</c>. Created when the first model is installed. Required.</value>
    public string Root { get; set; } = "";
}
