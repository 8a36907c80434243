using Orleans.Storage;

namespace Meridian.Grains.Storage;

/// <summary>Wraps the serializer of grain state, for example to encrypt what it writes. Decorators registered in DI are applied in their order, the last outermost.</summary>
public interface IGrainStorageSerializerDecorator
{
    IGrainStorageSerializer Decorate(IGrainStorageSerializer inner);
}
