namespace Meridian.Inference.Packages;

/// <summary>A model package cannot be used. The message names the faulty file or value and the remedy.</summary>
public class ModelPackageException : Exception
{
    public ModelPackageException(string subject, string message) : base(message) => Subject = subject;

    public ModelPackageException(string subject, string message, Exception? inner) : base(message, inner) => Subject = subject;

    /// <value>The faulty file or model.</value>
    public string Subject { get; }
}
