namespace Meridian.Inference.Packages;

/// <summary>A model package that cannot be used; the message names the file or value at fault and the remedy.</summary>
public sealed class ModelPackageException : Exception
{
    public ModelPackageException(string subject, string message) : base(message) => Subject = subject;

    public ModelPackageException(string subject, string message, Exception inner) : base(message, inner) => Subject = subject;

    /// <value>The file or model at fault.</value>
    public string Subject { get; }
}
