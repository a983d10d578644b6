using Helios.Sdk.Serving;

namespace Helios.Sdk.Tests.Serving.Fakes;

/// <summary>The device thread is the thread that posts urgent work.</summary>
internal sealed class InlineDevice : WakeSignal
{
    public DeviceWork? Work { get; set; }

    public override void Set() => Work?.RunUrgent();

    public static DeviceWork Create(TimeProvider time)
    {
        var device = new InlineDevice();
        return device.Work = new DeviceWork(0.05, time, wake: device);
    }
}
