using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.DataViews;

/// <summary>A data view with the added columns. Nothing is read or computed but what a cursor is asked for.</summary>
internal sealed class AddedColumnsDataView(IDataView input, AddedColumnsMapper mapper) : IDataView
{
    public bool CanShuffle => input.CanShuffle;

    public DataViewSchema Schema => mapper.OutputSchema;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
        => new AddedColumnsCursor(mapper, input.GetRowCursor(mapper.GetDependencies(columnsNeeded), rand), columnsNeeded);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => Array.ConvertAll(input.GetRowCursorSet(mapper.GetDependencies(columnsNeeded), n, rand),
            cursor => (DataViewRowCursor)new AddedColumnsCursor(mapper, cursor, columnsNeeded));
}

/// <summary>A row with the added columns over a row, or the present row of a cursor, of the input.</summary>
internal sealed class AddedColumnsRow : DataViewRow
{
    private readonly AddedColumnsMapper _mapper;
    private readonly DataViewRow _input;
    private readonly HashSet<int> _active;
    private readonly Dictionary<object, object> _shared = [];

    public AddedColumnsRow(AddedColumnsMapper mapper, DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        _mapper = mapper;
        _input = input;
        _active = [.. activeColumns.Select(column => column.Index)];
    }

    public override DataViewSchema Schema => _mapper.OutputSchema;

    public override long Position => _input.Position;

    public override long Batch => _input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new ArgumentOutOfRangeException(nameof(column), $"Column '{column.Name}' is not active. Ask for it when the cursor is made.");

        Delegate getter = _mapper.CreateGetter(_input, column.Index, _shared, _input.GetGetter<TValue>);
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException(
                $"Column '{column.Name}' holds {column.Type.RawType}, but a getter for {typeof(TValue)} was asked for.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _input.Dispose();
        base.Dispose(disposing);
    }
}

internal sealed class AddedColumnsCursor(AddedColumnsMapper mapper, DataViewRowCursor input, IEnumerable<DataViewSchema.Column> activeColumns)
    : DataViewRowCursor
{
    private readonly AddedColumnsRow _row = new(mapper, input, activeColumns);

    public override DataViewSchema Schema => _row.Schema;

    public override long Position => _row.Position;

    public override long Batch => _row.Batch;

    public override bool MoveNext() => input.MoveNext();

    public override ValueGetter<DataViewRowId> GetIdGetter() => _row.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _row.IsColumnActive(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _row.GetGetter<TValue>(column);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _row.Dispose();
        base.Dispose(disposing);
    }
}
