using Orleans.Storage;

namespace Meridian.Grains.Storage;

/// <summary>
/// Wraps the serializer of grain state, for example to encrypt its output. Decorators from DI are applied in the order of their registration; the
/// last one is outermost.
/// </summary>
public interface IGrainStorageSerializerDecorator
{
    IGrainStorageSerializer Decorate(IGrainStorageSerializer inner);
}
