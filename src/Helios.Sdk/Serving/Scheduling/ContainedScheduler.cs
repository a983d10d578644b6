using Helios.Sdk.Scheduling;

namespace Helios.Sdk.Serving.Scheduling;

/// <summary>
/// A scheduler that is the application's own code, or has an order that is. When it throws, the shipped one takes its place for good and
/// takes over every request: no request is lost, and the engine lives. Belongs to the device thread.
/// </summary>
/// <param name="own">What plans until it throws.</param>
/// <param name="createShipped">Makes what plans from then on.</param>
/// <param name="report">Called once, with what was thrown.</param>
internal sealed class ContainedScheduler(IScheduler own, Func<IScheduler> createShipped, Action<Exception> report) : IScheduler
{
    private readonly Dictionary<RequestId, RequestInfo> live = [];
    private IScheduler? shipped;

    private IScheduler Present => shipped ?? own;

    public void Enqueue(in RequestInfo request)
    {
        live.Add(request.Id, request);
        try
        {
            Present.Enqueue(request);
        }
        catch (Exception error) when (shipped is null)
        {
            Replace(error);
        }
    }

    public void Remove(RequestId id)
    {
        live.Remove(id);
        try
        {
            Present.Remove(id);
        }
        catch (Exception error) when (shipped is null)
        {
            Replace(error);
        }
    }

    public void Plan(StepPlanBuilder plan)
    {
        try
        {
            Present.Plan(plan);
        }
        catch (Exception error) when (shipped is null)
        {
            // What is planned already stays so: the plan refuses it a second time.
            Replace(error);
            Present.Plan(plan);
        }
    }

    public void Commit(in StepOutcome outcome)
    {
        try
        {
            Present.Commit(outcome);
        }
        catch (Exception error) when (shipped is null)
        {
            Replace(error);
        }
    }

    private void Replace(Exception error)
    {
        shipped = createShipped();
        foreach (var request in live.Values) shipped.Enqueue(request);
        report(error);
    }
}
